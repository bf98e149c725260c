package genesys

import "testing"

func TestMediumOf(t *testing.T) {
	tests := []struct {
		media, subtype string
		want           Medium
	}{
		{"audio", "Trunk", Call},
		{"Audio", "Consult", Call},
		{"call", "Station", Call},
		{"VOICE", "", Call},
		{"audio", "Screen", Screen},
		{"", "SCREEN", Screen},
		{"screen", "", Screen},
		{"Screen", "Trunk", Screen},
		{"chat", "", Chat},
		{"Email", "", Email},
		{"message", "", Message},
		{"messaging", "", Message},
		{"callback", "", ""},
		{"", "", ""},
		{"video", "Trunk", ""},
	}
	for _, test := range tests {
		if got := MediumOf(test.media, test.subtype); got != test.want {
			t.Errorf("%q, %q: got %q, want %q", test.media, test.subtype, got, test.want)
		}
	}
}
