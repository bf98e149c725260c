package simulator

import (
	"encoding/binary"
	"math"
	"slices"
)

// The video: small, and a key frame every half second.
const (
	videoWidth      = 160
	videoHeight     = 96
	frameMillis     = 500
	videoFrames     = 8
	webmTimestampNS = 1_000_000
)

// Element ids of EBML (RFC 8794) and Matroska (RFC 9559), of which WebM is a
// profile.
const (
	idEBML        = 0x1A45DFA3
	idVersion     = 0x4286
	idReadVersion = 0x42F7
	idMaxID       = 0x42F2
	idMaxSize     = 0x42F3
	idDocType     = 0x4282
	idDocVersion  = 0x4287
	idDocRead     = 0x4285
	idSegment     = 0x18538067
	idInfo        = 0x1549A966
	idScale       = 0x2AD7B1
	idDuration    = 0x4489
	idMuxer       = 0x4D80
	idWriter      = 0x5741
	idTitle       = 0x7BA9
	idTracks      = 0x1654AE6B
	idTrack       = 0xAE
	idTrackNumber = 0xD7
	idTrackUID    = 0x73C5
	idTrackType   = 0x83
	idCodec       = 0x86
	idVideo       = 0xE0
	idWidth       = 0xB0
	idHeight      = 0xBA
	idVoid        = 0xEC
	idCluster     = 0x1F43B675
	idTimestamp   = 0xE7
	idBlock       = 0xA3
)

// webm returns a WebM file of four seconds that a browser plays: a VP8 track
// that changes colour in an order that depends on the key. A void element, which
// players skip, makes the file as large as screens are in proportion to voice.
func webm(key uint64, title string) []byte {
	random := dice(key)
	void := make([]byte, 24<<10+random.IntN(24<<10))
	fill(void, key)
	cluster := unsigned(idTimestamp, 0)
	for i := range videoFrames {
		cluster = append(cluster, block(i*frameMillis, vp8Frame(random.IntN(4)))...)
	}
	segment := slices.Concat(
		element(idInfo, webmInfo(title)),
		element(idTracks, webmTrack(key)),
		element(idVoid, void),
		element(idCluster, cluster),
	)
	return append(ebmlHeader(), element(idSegment, segment)...)
}

func ebmlHeader() []byte {
	return element(idEBML, slices.Concat(
		unsigned(idVersion, 1), unsigned(idReadVersion, 1), unsigned(idMaxID, 4), unsigned(idMaxSize, 8),
		element(idDocType, []byte("webm")), unsigned(idDocVersion, 2), unsigned(idDocRead, 2),
	))
}

func webmInfo(title string) []byte {
	duration := binary.BigEndian.AppendUint64(nil, math.Float64bits(videoFrames*frameMillis))
	return slices.Concat(
		unsigned(idScale, webmTimestampNS), element(idDuration, duration),
		element(idMuxer, []byte("simulator")), element(idWriter, []byte("simulator")),
		element(idTitle, []byte(title)),
	)
}

func webmTrack(key uint64) []byte {
	return element(idTrack, slices.Concat(
		unsigned(idTrackNumber, 1), unsigned(idTrackUID, key>>8|1), unsigned(idTrackType, 1),
		element(idCodec, []byte("V_VP8")),
		element(idVideo, slices.Concat(unsigned(idWidth, videoWidth), unsigned(idHeight, videoHeight))),
	))
}

// block is a SimpleBlock: track 1, a key frame shown at that time.
func block(millis int, frame []byte) []byte {
	head := binary.BigEndian.AppendUint16([]byte{0x81}, uint16(millis))
	return element(idBlock, slices.Concat(head, []byte{0x80}, frame))
}

// vp8Frame returns a VP8 key frame (RFC 6386) of 160 by 96 pixels in one of four
// colours: dark, light, blue, red. Only the tokens of its first macroblock tell
// the colour; all others predict theirs from it.
func vp8Frame(colour int) []byte {
	const head = "\x70\x04\x00\x9d\x01\x2a\xa0\x00\x60\x00" + // key frame, 35 bytes of modes, 160x96
		"\x00\x00\xfe\x00\x00\x19\x30\x9f\x3a\x74\xe9\xd3\xa7\x4e\x9d\x3a\x74" +
		"\xe9\xd3\xa7\x4e\x9d\x3a\x74\xe9\xd3\xa7\x4e\x9d\x3a\x74\xe9\xd3\x7c\x00"
	tokens := [...]string{
		"\xfe\xd7\x3c\x00",
		"\xfe\xdb\x10\x00",
		"\xfe\x6f\x1f\x6c\x9d\xe9\x7f\xb9\x3f\x44\x60",
		"\xfe\x53\x1f\xb9\x3f\x4b\xdf\x6c\x9d\xe2\x00",
	}
	return []byte(head + tokens[colour])
}

// element writes an EBML element: id, size, content.
func element(id uint32, content []byte) []byte {
	out := append(make([]byte, 0, len(content)+12), trimZeros(uint64(id))...)
	out = binary.BigEndian.AppendUint64(out, 1<<56|uint64(len(content)))
	return append(out, content...)
}

// unsigned writes an element with a whole number.
func unsigned(id uint32, value uint64) []byte { return element(id, trimZeros(value)) }

// trimZeros writes a number in as few bytes as it takes, one at least.
func trimZeros(value uint64) []byte {
	b := binary.BigEndian.AppendUint64(nil, value)
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// fill writes bytes that depend on the key.
func fill(b []byte, key uint64) {
	var word [8]byte
	for i := 0; i < len(b); i += len(word) {
		binary.BigEndian.PutUint64(word[:], mix(key+uint64(i)))
		copy(b[i:], word[:])
	}
}
