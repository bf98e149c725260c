// Package redact removes secrets from answers of servers to which they were sent: a malicious
// server may repeat them, in any form in which it got them or in which its answer is written.
package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

const (
	// Mark replaces a secret.
	Mark = "[redacted]"
	// least is how long a secret must be to be looked for, in bytes: a shorter one
	// would be found everywhere.
	least = 4
)

// Text removes secrets from a text: as they are, escaped as in URLs, JSON, HTML and
// hexadecimal digits, and in base64, by itself or inside of a longer text, such as
// the id and the secret of Basic authentication. With a base64 form goes all of
// the base64 text around it.
func Text(text string, secrets ...string) string {
	for _, secret := range secrets {
		if len(secret) < least {
			continue
		}
		for _, form := range encoded(secret) {
			for _, written := range escaped(form) {
				text = removeAround(text, written)
			}
		}
		digits := hex.EncodeToString([]byte(secret))
		forms := append(escaped(secret), digits, strings.ToUpper(digits))
		// The longest first: a shorter one may be a part of it.
		slices.SortStableFunc(forms, func(a, b string) int { return len(b) - len(a) })
		for _, written := range forms {
			text = strings.ReplaceAll(text, written, Mark)
		}
	}
	return text
}

// encoded are the base64 digits that belong to a secret alone, wherever in a longer
// text it begins: at a multiple of three bytes, or one or two bytes behind it.
func encoded(secret string) []string {
	const bitsOfByte, bitsOfDigit = 8, 6
	var forms []string
	for offset := range 3 {
		padded := append(make([]byte, offset), secret...)
		begin := (offset*bitsOfByte + bitsOfDigit - 1) / bitsOfDigit
		end := len(padded) * bitsOfByte / bitsOfDigit
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			forms = append(forms, alphabet.EncodeToString(padded)[begin:end])
		}
	}
	return forms
}

// escaped are the ways in which a text may be written inside of another, the text
// itself among them.
func escaped(text string) []string {
	forms := []string{text}
	add := func(form string) {
		if !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	for _, form := range []string{url.QueryEscape(text), url.PathEscape(text), percent(text)} {
		add(form)
		add(lowerPercent(form))
	}
	add(strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
	add(quoted(text, true))
	add(quoted(text, false))
	add(strings.ReplaceAll(quoted(text, false), "/", `\/`))
	add(ascii(text))
	add(htmlEscaper.Replace(text))
	return forms
}

// percent escapes every byte that is neither a letter nor a digit.
func percent(text string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&0xf]})
		}
	}
	return b.String()
}

// lowerPercent writes the hexadecimal digits behind each percent sign in small letters.
func lowerPercent(text string) string {
	b := []byte(text)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// quoted is a text inside of a JSON string, with or without HTML's characters escaped.
func quoted(text string, html bool) string {
	var b strings.Builder
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(html)
	if to.Encode(text) != nil {
		return text
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(b.String(), "\n"), `"`), `"`)
}

// ascii is a text inside of a JSON string that is written without other characters
// than those of ASCII.
func ascii(text string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, r := range quoted(text, false) {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		units := []rune{r}
		if r > 0xffff {
			units = []rune{0xd800 + (r-0x10000)>>10, 0xdc00 + (r-0x10000)&0x3ff}
		}
		for _, u := range units {
			b.Write([]byte{'\\', 'u', digits[u>>12&0xf], digits[u>>8&0xf], digits[u>>4&0xf], digits[u&0xf]})
		}
	}
	return b.String()
}

var htmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

// removeAround removes a form of base64 and the digits around it, which are of the
// same text.
func removeAround(text, form string) string {
	for {
		at := strings.Index(text, form)
		if at < 0 || form == "" {
			return text
		}
		before := strings.TrimRightFunc(text[:at], isDigit)
		after := strings.TrimLeftFunc(text[at+len(form):], isDigit)
		text = before + Mark + after
	}
}

// isDigit reports whether a character may be inside of base64, of either alphabet.
func isDigit(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("+/-_=", r)
}
