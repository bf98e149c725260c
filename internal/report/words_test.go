package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestEveryReasonHasWords reads the reasons from where they are declared.
func TestEveryReasonHasWords(t *testing.T) {
	n := 0
	for _, name := range []string{"../evidence/inventory.go", "../evidence/second.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(spec.Names[0].Name, "Reason") {
				return true
			}
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if n++; err != nil || reasons[value] == "" {
				t.Errorf("%s has no words, %v", value, err)
			}
			return true
		})
	}
	if n != len(reasons) {
		t.Errorf("%d reasons are declared, %d have words", n, len(reasons))
	}
}

func TestWords(t *testing.T) {
	for want, got := range map[text]text{
		"1,234,567": text(amount(1234567).String()), "123": text(amount(123).String()), "-1,000": text(amount(-1000).String()),
		"1.5 GB": size(1_500_000_000), "999 B": size(999), "2 days": lasting("48h0m0s"), "1 hour": lasting("1h0m0s"), "90 minutes": lasting("1h30m0s"),
		"no time": lasting("0s"), "1m30s": lasting("90s"), "soon": lasting("soon"), "1 bag": of(1, "bag", "bags"), "0 bags": of(0, "bag", "bags"),
		"not known": when(time.Time{}), "1 October 2023, 00:00:00 UTC": when(start.In(time.FixedZone("", 3600))), "ab…": clean("abc", 2),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestBulkJobsAreExplained: the page says which bucket bulk jobs exported into, and whether the
// recordings are still there. It says nothing of a bucket in every other mode.
func TestBulkJobsAreExplained(t *testing.T) {
	told := func(spec string) (delivery, bucket string) {
		for _, f := range readTerms([]byte(spec)).facts() {
			switch f.Name {
			case "Delivery":
				delivery = string(f.Value)
			case "Bucket of the recording bulk jobs":
				bucket = string(f.Value)
			}
		}
		return delivery, bucket
	}
	const bulk = `{"holdScope": "Include", "delivery": "BulkJob", "integrationId": "5d1c9a0e", "bucket": "b-1", "region": "eu-central-1"`
	if delivery, bucket := told(bulk + "}"); !strings.Contains(delivery, "bulk jobs") || bucket != "b-1 in region eu-central-1, through the integration 5d1c9a0e of Genesys Cloud; the recordings stay there" {
		t.Errorf("%s: %s", delivery, bucket)
	}
	if _, bucket := told(bulk + `, "copy": true}`); !strings.Contains(bucket, "copied the recordings into the archive") {
		t.Error(bucket)
	}
	if delivery, bucket := told(`{"holdScope": "Include", "delivery": "Download"}`); !strings.Contains(delivery, "downloaded each recording") || bucket != "" {
		t.Errorf("%s: %s", delivery, bucket)
	}
}
