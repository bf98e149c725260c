package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/callcount"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// day is the window of config/samples.
var day = time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)

// requests counts what the simulator was asked, by route and status.
type requests map[string]map[int]int

// journal reads the simulator's.
func journal(ctx context.Context, c cloud) (requests, error) {
	var answer struct {
		Counts requests `json:"counts"`
	}
	err := c.look(ctx, "/_simulator/journal", &answer)
	return answer.Counts, err
}

// minus counts the requests after before.
func (r requests) minus(before requests) requests {
	left := requests{}
	for route, byStatus := range r {
		left[route] = map[int]int{}
		for status, n := range byStatus {
			left[route][status] = n - before[route][status]
		}
	}
	return left
}

// calls counts the requests that count against the budget, on routes that contain a text.
func (r requests) calls(text string) (n int) {
	for route, byStatus := range r {
		if !strings.Contains(route, " /api/v2/") || !strings.Contains(route, text) {
			continue
		}
		for _, times := range byStatus {
			n += times
		}
	}
	return n
}

// answers counts the answers with a status in a range.
func (r requests) answers(from, to int) (n int) {
	for _, byStatus := range r {
		for status, times := range byStatus {
			if status >= from && status <= to {
				n += times
			}
		}
	}
	return n
}

// conversation is what the simulator says of one.
type conversation struct {
	ID         string    `json:"id"`
	Start      time.Time `json:"start"`
	Held       bool      `json:"held"`
	Recordings []struct {
		Medium string `json:"medium"`
	} `json:"recordings"`
}

// conversations are all that the simulator has.
func conversations(ctx context.Context, c cloud) ([]conversation, error) {
	var dataset struct {
		Conversations []conversation `json:"conversations"`
	}
	err := c.look(ctx, "/_simulator/dataset?full=true", &dataset)
	return dataset.Conversations, err
}

// showFigures compares what was asked with the least that could have been.
func showFigures(ctx context.Context, c cloud, before requests) error {
	after, err := journal(ctx, c)
	if err != nil {
		return err
	}
	asked := after.minus(before)
	calls := asked.calls("")
	all, err := conversations(ctx, c)
	if err != nil {
		return err
	}
	least, recordings, heldScreens, err := leastCalls(all)
	if err != nil {
		return err
	}
	fmt.Printf("  recordings in the window          %d, %d of them screens under legal hold\n", recordings, heldScreens)
	fmt.Printf("  API calls                         %d, %.3f per recording\n", calls, float64(calls)/float64(recordings))
	fmt.Printf("  minimum for the same work         %d, %.3f per recording (ratio %.3f)\n", least.Total(), float64(least.Total())/float64(recordings), float64(calls)/float64(least.Total()))
	fmt.Printf("  5xx answers received              %d\n", asked.answers(500, 599))
	fmt.Printf("  429 answers received              %d\n", asked.answers(429, 429))
	return nil
}

// leastCalls is the least number of calls for config/samples over the simulator's data.
func leastCalls(all []conversation) (least callcount.Counts, recordings, heldScreens int, err error) {
	spec := slicing.Spec{
		Start: day, End: day.AddDate(0, 0, 1), Width: time.Hour, MaxConversations: 1000,
		Scope: slicing.Include, Screen: true, Other: true,
	}
	var wanted []callcount.Conversation
	for _, c := range all {
		if c.Start.Before(spec.Start) || !c.Start.Before(spec.End) {
			continue
		}
		w := callcount.Conversation{Conversation: slicing.Conversation{ID: c.ID, Start: c.Start, Held: c.Held}}
		for _, r := range c.Recordings {
			if r.Medium == "Screen" {
				w.Screens++
			} else {
				w.Others++
			}
		}
		recordings += w.Screens + w.Others
		if c.Held {
			heldScreens += w.Screens
		}
		wanted = append(wanted, w)
	}
	least, err = callcount.Minimum(spec, wanted)
	return least, recordings, heldScreens, err
}
