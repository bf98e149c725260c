package simulator

import (
	"bytes"
	"encoding/binary"
	"math"
)

// sampleRate is that of telephony, in samples a second.
const sampleRate = 8000

// wav returns a RIFF/WAVE file of one to three seconds: 8 kHz, mono, 16 bit,
// with a tone that depends on the key, and the title as its comment.
func wav(key uint64, title string) []byte {
	random := dice(key)
	samples := tone(100+random.IntN(500), sampleRate+random.IntN(2*sampleRate))
	comment := riff("LIST", append([]byte("INFO"), riff("ICMT", []byte(title+"\x00"))...))
	body := []byte("WAVE")
	body = append(body, riff("fmt ", pcmFormat())...)
	body = append(body, comment...)
	body = append(body, riff("data", samples)...)
	return riff("RIFF", body)
}

// riff writes an element of a RIFF file: name, length, content, padded to an
// even length.
func riff(name string, content []byte) []byte {
	out := append(make([]byte, 0, len(content)+9), name...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(content)))
	out = append(out, content...)
	if len(content)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

// pcmFormat is the content of "fmt ": PCM, one channel, 16 bits a sample.
func pcmFormat() []byte {
	var b []byte
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint32(b, sampleRate)
	b = binary.LittleEndian.AppendUint32(b, sampleRate*2)
	b = binary.LittleEndian.AppendUint16(b, 2)
	return binary.LittleEndian.AppendUint16(b, 16)
}

// tone returns the given number of samples of a sine of about that many hertz.
// One period is computed and repeated, which costs next to nothing.
func tone(hertz, samples int) []byte {
	period := sampleRate / hertz
	var wave []byte
	for i := range period {
		level := 8000 * math.Sin(2*math.Pi*float64(i)/float64(period))
		wave = binary.LittleEndian.AppendUint16(wave, uint16(int16(level)))
	}
	repeats := samples/period + 1
	return bytes.Repeat(wave, repeats)[:2*samples]
}
