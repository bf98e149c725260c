package main

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

const rows = "| # | attack | stopped by | test |\n|---|---|---|---|\n" +
	"| E1 | plants a survey | a MAC | `attack.TestPlanted`, `tamper.FuzzArchive` |\n" +
	"| T2 | borrows a client id | logins first | `attack.TestBorrowed` |\n" +
	"| a reader | `attack.TestOther` |\n"

func TestParse(t *testing.T) {
	attacks := parse(rows)
	if len(attacks) != 2 || attacks[0].id != "E1" || attacks[0].what != "plants a survey" || len(attacks[0].tests) != 2 || attacks[1].tests[0] != (test{"attack", "TestBorrowed"}) {
		t.Errorf("parsed %+v", attacks)
	}
}

func TestLocate(t *testing.T) {
	planted := &fstest.MapFile{Data: []byte("package attack\n\nfunc TestPlanted(t *testing.T) {}\nfunc TestBorrowed(t *testing.T) {}\n")}
	mutated := &fstest.MapFile{Data: []byte("package tamper\n\nfunc FuzzArchive(f *testing.F) {}\n")}
	tests := map[string]struct {
		files fstest.MapFS
		text  string
		want  string
	}{
		"all are there":     {fstest.MapFS{"test/attack/a_test.go": planted, "test/tamper/t_test.go": mutated}, rows, ""},
		"one is nowhere":    {fstest.MapFS{"test/attack/a_test.go": planted}, rows, "tamper.FuzzArchive for attack E1, which is in 0 packages"},
		"one is in two":     {fstest.MapFS{"test/attack/a_test.go": planted, "attack/a_test.go": planted, "tamper/t_test.go": mutated}, rows, "which is in 2 packages"},
		"one has no test":   {fstest.MapFS{}, "| E1 | plants | nothing | none |\n", "names no test of attack E1"},
		"a copy is not one": {fstest.MapFS{"bin/test/attack/a_test.go": planted, "test/attack/a_test.go": planted, "test/tamper/t_test.go": mutated}, rows, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			found, err := locate(tt.files, parse(tt.text))
			if tt.want == "" {
				if err != nil || len(found.folders()) != 2 || len(found["test/attack"]) != 2 {
					t.Errorf("found %v, %v", found, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// TestThePage: every attack of the page names tests, and all of them exist.
func TestThePage(t *testing.T) {
	t.Chdir("../..")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	attacks := parse(string(text))
	if len(attacks) < 30 {
		t.Errorf("%d attacks: most are not read", len(attacks))
	}
	if _, err := locate(os.DirFS("."), attacks); err != nil {
		t.Error(err)
	}
}

func TestReport(t *testing.T) {
	lines := `{"Action":"pass","Test":"TestPlanted/a"}
{"Action":"pass","Test":"TestPlanted/b"}
{"Action":"pass","Test":"TestPlanted"}
{"Action":"output","Test":"TestBorrowed","Output":""}
{"Action":"BORROWED","Test":"TestBorrowed"}
{"Action":"pass"}
`
	for borrowed, want := range map[string]string{
		"pass": "kinds: 2 tried, 2 stopped\nattacks: 4 tried, 4 stopped\n",
		"fail": "kinds: 2 tried, 1 stopped\nattacks: 4 tried, 3 stopped\n",
		"skip": "kinds: 2 tried, 1 stopped\nattacks: 3 tried, 3 stopped\n",
	} {
		all := results{}
		if err := all.read("attack", strings.NewReader(strings.ReplaceAll(lines, "BORROWED", borrowed))); err != nil {
			t.Fatal(err)
		}
		if err := all.read("tamper", strings.NewReader(`{"Action":"pass","Test":"FuzzArchive"}`)); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err := report(&out, parse(rows), all)
		if !strings.Contains(out.String(), want) || (err == nil) != (borrowed == "pass") {
			t.Errorf("%s: %v\n%s", borrowed, err, &out)
		}
	}
}

// TestCount: a test that two attacks name counts once, and one that fails although all
// of its parts pass is an attack that was not stopped.
func TestCount(t *testing.T) {
	const lines = `{"Action":"pass","Test":"TestPlanted/a"}
{"Action":"pass","Test":"TestPlanted/b"}
{"Action":"fail","Test":"TestPlanted"}
{"Action":"pass","Test":"TestBorrowed/a/1"}
{"Action":"fail","Test":"TestBorrowed/a/2"}
{"Action":"fail","Test":"TestBorrowed/a"}
{"Action":"fail","Test":"TestBorrowed"}
`
	all := results{}
	if err := all.read("attack", strings.NewReader(lines)); err != nil {
		t.Fatal(err)
	}
	planted, borrowed := test{"attack", "TestPlanted"}, test{"attack", "TestBorrowed"}
	if tried, stopped := all.count([]attack{{tests: []test{planted, borrowed}}, {tests: []test{planted}}}); tried != 5 || stopped != 3 {
		t.Errorf("%d attacks tried, %d stopped, want 5 and 3", tried, stopped)
	}
}
