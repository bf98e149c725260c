// Package report looks at the report of real seals in a real browser.
package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/report"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// a4 is the width of a sheet between the margins, in CSS pixels.
const a4 = 680

var looks = []look{
	{"light", 1280, "light", "screen"},
	{"dark", 1280, "dark", "screen"},
	{"light-narrow", 390, "light", "screen"},
	{"dark-narrow", 390, "dark", "screen"},
	{"print", a4, "dark", "print"},
}

func TestTheReportInABrowser(t *testing.T) {
	b := open(t)
	for name, made := range map[string]*sealed{"complete": complete(t), "troubled": troubled(t)} {
		path := filepath.Join(made.root, evidence.SealFolder(made.account.Number), "report.html")
		b.visit(path)
		b.expectNumbers(name, made.readAccount(made.account.Number), made.countIsolated())
		b.expectStructure(name)
		b.expectNothingForeign(name)
		for _, l := range looks {
			b.show(l)
			b.expectFits(name+" "+l.name, l)
			b.expectContrast(name + " " + l.name)
			b.expectColours(name+"-"+l.name, l)
		}
		b.expectPaper(name)
		b.expectQuiet(name, path)
	}
}

// TestAYearInABrowser: an export that has run for a year, in slices of an hour,
// with one gap.
func TestAYearInABrowser(t *testing.T) {
	const hours = 365 * 24
	account := complete(t).account
	account.Until, account.Gaps, account.Bags = begin.Add(hours*time.Hour), 1, 4*hours
	found := evidence.Findings{Seals: []evidence.SealRef{{Number: 1}}}
	for n := range hours {
		for _, lane := range []slicing.Lane{slicing.Standard, slicing.LegalHold, slicing.LegalHoldScreen, slicing.Isolated} {
			found.Bags = append(found.Bags, evidence.FoundBag{
				BagRef: evidence.BagRef{Name: fmt.Sprint(lane, n), Lane: lane, Start: begin.Add(time.Duration(n) * time.Hour), End: begin.Add(time.Duration(n+1) * time.Hour)},
			})
		}
	}
	found.Bags[4*5000].Gaps = 1
	path := filepath.Join(t.TempDir(), "report.html")
	var page bytes.Buffer
	if err := errors.Join(report.Write(&page, report.Report{Reported: evidence.Reported{Account: account}, Findings: found}), os.WriteFile(path, page.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	b := open(t)
	b.visit(path)
	for _, l := range looks {
		b.show(l)
		b.expectFits(l.name, l)
		b.picture("year-" + l.name)
	}
	if gaps := run[[]float64](b, `[...document.querySelectorAll("svg.window .gap")].map(e => e.getBoundingClientRect().width)`); len(gaps) != 1 || gaps[0] < 3 {
		t.Errorf("gaps are %v wide", gaps)
	}
	b.expectQuiet("year", path)
}

// expectNumbers compares what is shown with account.json, and with what is isolated.
func (b *browser) expectNumbers(name string, account map[string]any, isolated map[string]float64) {
	b.Helper()
	shown := run[map[string]string](b, `Object.fromEntries([...document.querySelectorAll("[id] > data")].map(d => [d.parentElement.id, d.value]))`)
	conversations := account["conversations"].(map[string]any)
	want := map[string]any{
		"key-gaps": account["gaps"], "gaps": account["gaps"], "files": account["files"], "bytes": account["bytes"], "bags": account["bags"],
		"key-conversations": conversations["surveyed"],
	}
	for _, key := range []string{"isolated-conversations", "isolated-recordings", "restored"} {
		if n, any := isolated[key]; any {
			want[key] = n
		}
	}
	for i, disposition := range []string{"Exported", "Excluded", "Unavailable"} {
		shows := run[float64](b, fmt.Sprintf(`[...document.querySelectorAll("#isolated-table tbody td:nth-child(%d) data")].reduce((sum, d) => sum + Number(d.value), 0)`, i+3))
		if shows != isolated[disposition] {
			b.Errorf("%s: %v isolated recordings are %s, in the tables %v", name, shows, disposition, isolated[disposition])
		}
	}
	for key, n := range conversations {
		want["conversations-"+key] = n
	}
	if second, compared := account["secondSource"].(map[string]any); compared {
		for _, key := range []string{"enumerated", "listed", "matched", "notInAccount", "notInSecondSource"} {
			want["second-"+key] = second[key]
		}
	}
	if orphans, asked := account["orphans"].(map[string]any); asked {
		for _, key := range []string{"listed", "undated", "enumerated"} {
			want["orphans-"+key] = orphans[key]
		}
	}
	sums := map[string]float64{}
	for _, r := range account["recordings"].([]any) {
		for _, what := range []string{"exported", "excluded", "unavailable"} {
			sums[what] += r.(map[string]any)[what].(float64)
		}
	}
	for what, n := range sums {
		want["recordings-"+what] = n
	}
	want["key-exported"], want["key-excluded"] = sums["exported"], sums["excluded"]
	for key, n := range want {
		if n := strconv.FormatFloat(n.(float64), 'f', -1, 64); shown[key] != n {
			b.Errorf("%s: %s is %q, in account.json %s", name, key, shown[key], n)
		}
	}
	if unknown := slices.DeleteFunc(slices.Collect(maps.Keys(shown)), func(key string) bool { return want[key] != nil || key == "retried" }); len(unknown) > 0 {
		b.Errorf("%s: nothing compares %v", name, unknown)
	}
	listed := run[float64](b, `[...document.querySelectorAll("#gap-reasons tbody data")].reduce((sum, d) => sum + Number(d.value), 0)`)
	if rows := run[float64](b, `document.querySelectorAll("#gap-list tbody tr").length`); listed != account["gaps"] || rows != listed {
		b.Errorf("%s: %v gaps by reason, %v listed, %v in account.json", name, listed, rows, account["gaps"])
	}
	inLanes := map[string]float64{}
	for i, key := range []string{"bags", "files", "bytes", "gaps"} {
		inLanes[key] = run[float64](b, fmt.Sprintf(`[...document.querySelectorAll("#lanes tbody td:nth-child(%d) data")].reduce((sum, d) => sum + Number(d.value), 0)`, i+2))
		for _, lane := range account["lanes"].([]any) {
			inLanes[key] -= lane.(map[string]any)[key].(float64)
		}
		if inLanes[key] != 0 {
			b.Errorf("%s: %s of lanes are %v too many", name, key, inLanes[key])
		}
	}
	if lines := run[float64](b, `document.querySelectorAll("#recordings tbody tr").length`); int(lines) != len(account["recordings"].([]any)) {
		b.Errorf("%s: %v lines of recordings", name, lines)
	}
}

// expectStructure is what a page needs for those who hear it.
func (b *browser) expectStructure(name string) {
	b.Helper()
	faults := run[[]string](b, `(() => {
		const faults = [];
		const all = query => [...document.querySelectorAll(query)];
		if (document.documentElement.lang !== "en") faults.push("no language");
		if (all("h1").length !== 1) faults.push("not one h1");
		let last = 0;
		for (const h of all("h1,h2,h3,h4,h5,h6")) {
			const level = Number(h.tagName[1]);
			if (level > last + 1) faults.push("heading out of order: " + h.textContent);
			last = level;
		}
		for (const t of all("table")) {
			if (!t.caption || !t.caption.textContent.trim()) faults.push("a table without a caption");
			for (const th of t.querySelectorAll("th")) if (!th.scope) faults.push("a head without a scope: " + th.textContent);
			if (!t.querySelector("thead th")) faults.push("a table without heads");
			const width = row => [...row.cells].reduce((n, c) => n + c.colSpan, 0);
			for (const row of t.querySelectorAll("tbody tr, tfoot tr"))
				if (width(row) !== width(t.tBodies[0].rows[0])) faults.push("rows of several widths: " + t.caption.textContent);
			if (t.tBodies[0].rows.length === 0) faults.push("an empty table: " + t.caption.textContent);
		}
		const ids = all("[id]").map(e => e.id);
		if (new Set(ids).size !== ids.length) faults.push("an id twice");
		for (const e of all("[aria-labelledby]")) for (const id of e.getAttribute("aria-labelledby").split(" "))
			if (!document.getElementById(id)) faults.push("nothing has the id " + id);
		for (const a of all("a")) if (!document.getElementById(a.hash.slice(1))) faults.push("a link to nowhere: " + a.href);
		if (document.querySelector("svg.window > title, svg.window > desc") === null) faults.push("a picture without words");
		return faults;
	})()`)
	if len(faults) > 0 {
		b.Errorf("%s: %s", name, strings.Join(faults, "; "))
	}
	var tree struct {
		Nodes []struct {
			Role struct{ Value string }
			Name struct{ Value string }
		}
	}
	b.call("Accessibility.getFullAXTree", nil, &tree)
	found := 0
	for _, n := range tree.Nodes {
		if n.Role.Value == "image" && strings.HasPrefix(n.Name.Value, "Timeline of the window") {
			found++
		}
	}
	if found != 1 {
		b.Errorf("%s: a screen reader is told of %d timelines", name, found)
	}
}

// expectNothingForeign: whatever Genesys Cloud said is text.
func (b *browser) expectNothingForeign(name string) {
	b.Helper()
	if foreign := run[[]string](b, `[...document.querySelectorAll("script,img,iframe,object,embed,link,form,input,base,video,audio,foreignObject,image,use,animate,set")].map(e => e.tagName)`); len(foreign) > 0 {
		b.Errorf("%s: there are %v", name, foreign)
	}
	if handlers := run[[]string](b, `[...document.querySelectorAll("*")].flatMap(e => [...e.attributes]).map(a => a.name).filter(n => n.startsWith("on") || n === "style" || n === "src")`); len(handlers) > 0 {
		b.Errorf("%s: there are the attributes %v", name, handlers)
	}
	if raw := run[string](b, `document.documentElement.textContent`); strings.ContainsAny(raw, "\u202e\x00\x1b") {
		b.Errorf("%s: characters that turn or hide text", name)
	}
	shown := run[int](b, `document.querySelector("main").textContent.split("<script>alert(1)</script>").length - 1`)
	if name == "troubled" && shown < 4 {
		b.Errorf("%s: hostile text is shown %d times", name, shown)
	}
}

// expectFits: nothing is beyond the edge. Wide parts scroll by themselves on a
// screen, and wrap on paper.
func (b *browser) expectFits(name string, l look) {
	b.Helper()
	beyond := run[[]string](b, `[...document.querySelectorAll("body, body *")]
		.filter(e => (matchMedia("print").matches || !e.closest(".scroll *")) && e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
		.map(e => e.tagName + " " + e.textContent.trim().slice(0, 40))`)
	width := run[int](b, `document.documentElement.scrollWidth`)
	if len(beyond) > 0 || width > l.width {
		b.Errorf("%s: the page is %d wide, beyond the edge are %q", name, width, beyond)
	}
	thin := run[[]string](b, `[...document.querySelectorAll("th, td, dt, dd, p, li, h1, h2, h3")]
		.filter(e => e.textContent.trim().length > 12 && e.getBoundingClientRect().width < 40 && e.getBoundingClientRect().height > 0).map(e => e.textContent)`)
	// Sentences have some words in a line, and short words are not broken.
	thin = append(thin, run[[]string](b, `[...document.querySelectorAll(".prose")].filter(e => e.getBoundingClientRect().width < 140).map(e => e.textContent)`)...)
	thin = append(thin, run[[]string](b, `[...document.querySelectorAll("td .id")]
		.filter(e => e.textContent.length <= 20 && e.getBoundingClientRect().height > 1.5 * parseFloat(getComputedStyle(e).lineHeight)).map(e => e.textContent)`)...)
	if len(thin) > 0 {
		b.Errorf("%s: squeezed: %q", name, thin)
	}
}

// expectContrast asks for what WCAG 2.2 calls AA of all text.
func (b *browser) expectContrast(name string) {
	b.Helper()
	faint := run[[]string](b, `(() => {
		const parse = c => c.match(/[\d.]+/g).map(Number);
		const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
		const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
		const ratio = (a, b) => { const [x, y] = [light(a.slice(0, 3)), light(b.slice(0, 3))].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
		const faint = [];
		let seen = 0;
		for (const e of document.querySelectorAll("body *")) {
			if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.closest("title, desc")) continue;
			seen++;
			const style = getComputedStyle(e);
			const ink = parse(e.closest("svg") ? style.fill : style.color);
			if (ratio(ink, ground(e)) < 4.5) faint.push(e.tagName + " " + e.textContent.trim().slice(0, 40) + " " + style.color);
		}
		for (const e of document.querySelectorAll("svg .whole, svg .gap, svg .out"))
			if (ratio(parse(getComputedStyle(e).fill), parse(getComputedStyle(document.querySelector("svg .ground")).fill)) < 3) faint.push("a mark");
		if (seen < 100) faint.push("only " + seen + " texts");
		return faint;
	})()`)
	if len(faint) > 0 {
		b.Errorf("%s: too faint: %q", name, faint)
	}
}

// box is where a mark of the picture is, and its colour.
type box struct {
	X, Y, W, H float64
	// Hidden ones come to sight when the picture is scrolled.
	Hidden bool
	Fill   []uint32
}

// expectColours looks at the pixels of the picture where the marks are.
func (b *browser) expectColours(name string, l look) {
	b.Helper()
	shot, err := png.Decode(bytes.NewReader(b.picture(name)))
	if err != nil {
		b.Fatal(err)
	}
	r, g, blue, _ := shot.At(2, 2).RGBA()
	if dark := r+g+blue < 3*0x8000; dark != (l.scheme == "dark" && l.media == "screen") {
		b.Errorf("%s: the page is dark: %v", name, dark)
	}
	marks := run[map[string][]box](b, `Object.fromEntries(["whole", "gap", "out"].map(c => [c, [...document.querySelectorAll("svg.window ." + c)].map(e => {
		const r = e.getBoundingClientRect(), edge = e.closest(".scroll").getBoundingClientRect();
		return {X: r.x + scrollX, Y: r.y + scrollY, W: r.width, H: r.height, Hidden: r.right > edge.right, Fill: getComputedStyle(e).fill.match(/\d+/g).map(Number)};
	})]))`)
	if len(marks["whole"]) < 8 || strings.HasPrefix(name, "troubled") && (len(marks["gap"]) != 5 || len(marks["out"]) != 1) {
		b.Errorf("%s: %d marks of what is there, %d of gaps, %d of what is in no bag", name, len(marks["whole"]), len(marks["gap"]), len(marks["out"]))
	}
	for class, boxes := range marks {
		for _, mark := range boxes {
			if !mark.Hidden && coloured(shot, mark) < 0.3 {
				b.Errorf("%s: the mark of class %s at %v is not to be seen", name, class, mark)
			}
		}
	}
}

// coloured is how much of a mark has its colour, nearly.
func coloured(shot image.Image, mark box) float64 {
	n, all := 0.0, 0.0
	for y := int(mark.Y) + 1; y < int(mark.Y+mark.H); y++ {
		for x := int(mark.X); x < int(mark.X+mark.W)+1; x++ {
			all++
			r, g, b, _ := shot.At(x, y).RGBA()
			near := true
			for i, c := range []uint32{r >> 8, g >> 8, b >> 8} {
				near = near && max(c, mark.Fill[i])-min(c, mark.Fill[i]) < 40
			}
			if near {
				n++
			}
		}
	}
	return n / max(all, 1)
}

var sheets = regexp.MustCompile(`/Type /Page\b`)

// expectPaper prints the page.
func (b *browser) expectPaper(name string) {
	b.Helper()
	printed := b.paper(name)
	if n := len(sheets.FindAll(printed, -1)); !bytes.HasPrefix(printed, []byte("%PDF-")) || n < 3 || n > 12 {
		b.Errorf("%s: %d sheets of paper", name, n)
	}
}

// expectQuiet: the page asked for nothing, ran nothing and complained of nothing.
func (b *browser) expectQuiet(name, path string) {
	b.Helper()
	asked := 0
	for _, e := range b.events {
		switch e.Method {
		case "Network.requestWillBeSent":
			var request struct{ Request struct{ URL string } }
			if err := json.Unmarshal(e.Params, &request); err != nil {
				b.Fatal(err)
			}
			if asked++; request.Request.URL != "file://"+path {
				b.Errorf("%s asks for %s", name, request.Request.URL)
			}
		case "Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Page.javascriptDialogOpening":
			b.Errorf("%s: %s: %s", name, e.Method, e.Params)
		}
	}
	if asked != 1 {
		b.Errorf("%s: %d requests", name, asked)
	}
}
