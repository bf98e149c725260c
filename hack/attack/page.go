package main

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// attack is a row of the page: its first cell is the attack's id, its second what is
// done, and its cells name the tests that play it.
type attack struct {
	id, what string
	tests    []test
}

// test is a test by the last part of its package's path and its own name.
type test struct{ pkg, name string }

var (
	row  = regexp.MustCompile(`^\| ([A-Z]+[0-9]+[a-z]?) \|`)
	name = regexp.MustCompile("`([a-z0-9_]+)\\.((?:Test|Fuzz)[A-Za-z0-9_]*)`")
)

// parse reads the rows of the page.
func parse(text string) []attack {
	var attacks []attack
	for line := range strings.Lines(text) {
		id := row.FindStringSubmatch(line)
		if id == nil {
			continue
		}
		a := attack{id: id[1], what: strings.TrimSpace(strings.Split(line, "|")[2])}
		for _, found := range name.FindAllStringSubmatch(line, -1) {
			a.tests = append(a.tests, test{found[1], found[2]})
		}
		attacks = append(attacks, a)
	}
	return attacks
}

// located are the names of tests by the folder of their package.
type located map[string][]string

func (l located) folders() []string { return slices.Sorted(maps.Keys(l)) }

// locate finds the folder of each test in the module whose root is fsys. An attack
// without a test, and a test that is nowhere or in several places, is an error.
func locate(fsys fs.FS, attacks []attack) (located, error) {
	declared, err := declarations(fsys)
	if err != nil {
		return nil, err
	}
	all := located{}
	for _, a := range attacks {
		if len(a.tests) == 0 {
			return nil, fmt.Errorf("%s names no test of attack %s", page, a.id)
		}
		for _, t := range a.tests {
			folders := declared[t]
			if len(folders) != 1 {
				return nil, fmt.Errorf("%s names %s.%s for attack %s, which is in %d packages %v", page, t.pkg, t.name, a.id, len(folders), folders)
			}
			if !slices.Contains(all[folders[0]], t.name) {
				all[folders[0]] = append(all[folders[0]], t.name)
			}
		}
	}
	return all, nil
}

var declaration = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9_]*)\(`)

// declarations finds every test and fuzz target, and the folders that declare it.
func declarations(fsys fs.FS) (map[test][]string, error) {
	all := map[test][]string{}
	err := fs.WalkDir(fsys, ".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && file != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "bin"):
			return fs.SkipDir
		case !strings.HasSuffix(file, "_test.go"):
			return nil
		}
		content, err := fs.ReadFile(fsys, file)
		for _, found := range declaration.FindAllSubmatch(content, -1) {
			folder := path.Dir(file)
			t := test{path.Base(folder), string(found[1])}
			all[t] = append(all[t], folder)
		}
		return err
	})
	return all, err
}
