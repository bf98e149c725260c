package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// truth is what the simulator knows.
type truth struct {
	dataset dataset
	journal journal
}

// dataset is what GET /_simulator/dataset?full=true answers.
type dataset struct {
	Conversations []conversation `json:"conversations"`
	// RetentionChanges are the dates that a client changed without restoring anything.
	RetentionChanges []json.RawMessage `json:"retentionChanges"`
	OrphanRecordings []orphan          `json:"orphanRecordings"`
}

type conversation struct {
	ID         string      `json:"id"`
	Start      time.Time   `json:"start"`
	End        time.Time   `json:"end"`
	Held       bool        `json:"held"`
	Recordings []recording `json:"recordings"`
}

type recording struct {
	ID        string `json:"id"`
	Medium    string `json:"medium"`
	FileState string `json:"fileState"`
	Files     []file `json:"files"`
}

type file struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// journal is what GET /_simulator/journal?full=true answers.
type journal struct {
	Requests int     `json:"requests"`
	Entries  []entry `json:"entries"`
}

type entry struct {
	Method         string `json:"method"`
	Route          string `json:"route"`
	Path           string `json:"path"`
	Status         int    `json:"status"`
	ConversationID string `json:"conversationId"`
	IDs            int    `json:"ids"`
}

// readTruth reads the truth from the simulator or from a directory.
func readTruth(from string) (truth, error) {
	read := readFile
	if strings.HasPrefix(from, "http://") || strings.HasPrefix(from, "https://") {
		read = ask
	}
	var t truth
	if err := decode(read, from, "dataset", &t.dataset); err != nil {
		return t, err
	}
	if len(t.dataset.Conversations) == 0 {
		return t, fmt.Errorf("%s contains no conversation", from)
	}
	return t, decode(read, from, "journal", &t.journal)
}

func decode(read func(from, name string) ([]byte, error), from, name string, into any) error {
	body, err := read(from, name)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		return fmt.Errorf("read the %s of %s: %w", name, from, err)
	}
	return nil
}

func readFile(from, name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(from, name+".json"))
}

func ask(from, name string) ([]byte, error) {
	response, err := http.Get(strings.TrimSuffix(from, "/") + "/_simulator/" + name + "?full=true")
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %s", response.Status)
	}
	return io.ReadAll(response.Body)
}
