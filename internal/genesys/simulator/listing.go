package simulator

import (
	"net/url"
	"strconv"
)

// listing is what the Platform API's entity listings have in common.
type listing[T any] struct {
	Entities    []T    `json:"entities"`
	PageSize    int    `json:"pageSize"`
	PageNumber  int    `json:"pageNumber,omitempty"`
	Total       *int   `json:"total,omitempty"`
	PageCount   int    `json:"pageCount,omitempty"`
	SelfURI     string `json:"selfUri"`
	FirstURI    string `json:"firstUri,omitempty"`
	LastURI     string `json:"lastUri,omitempty"`
	NextURI     string `json:"nextUri,omitempty"`
	PreviousURI string `json:"previousUri,omitempty"`
}

// list answers a page of entities. With includeTotal=false the cursor decides
// which, and the next one is found in nextUri alone; else pageNumber does.
func list[T any](c *call, entities []T, largest int) reply {
	size, refusal := c.wholeNumber("pageSize", 25)
	if refusal == nil {
		refusal = pageWithin(size, largest)
	}
	if refusal != nil {
		return *refusal
	}
	if c.URL.Query().Get("includeTotal") == "false" {
		return listByCursor(c, entities, size)
	}
	return listByNumber(c, entities, size)
}

// pageWithin refuses a page that is too large.
func pageWithin(size, largest int) *reply {
	if size <= largest {
		return nil
	}
	return badValue(strconv.Itoa(size), "pageSize", "1 to "+strconv.Itoa(largest))
}

func listByCursor[T any](c *call, entities []T, size int) reply {
	from, refusal := c.cursor(len(entities))
	if refusal != nil {
		return *refusal
	}
	to := min(from+size, len(entities))
	page := listing[T]{Entities: nonNil(entities[from:to]), PageSize: size, SelfURI: c.URL.RequestURI()}
	if to < len(entities) {
		page.NextURI = c.uriWith("cursor", cursorAt(to))
	}
	return ok(page)
}

func listByNumber[T any](c *call, entities []T, size int) reply {
	number, refusal := c.wholeNumber("pageNumber", 1)
	if refusal != nil {
		return *refusal
	}
	total, pages := len(entities), max((len(entities)+size-1)/size, 1)
	page := listing[T]{
		Entities:   nonNil(cut(entities, size, number)),
		PageSize:   size,
		PageNumber: number,
		Total:      &total,
		PageCount:  pages,
		SelfURI:    c.URL.RequestURI(),
		FirstURI:   c.uriWith("pageNumber", "1"),
		LastURI:    c.uriWith("pageNumber", strconv.Itoa(pages)),
	}
	if number < pages {
		page.NextURI = c.uriWith("pageNumber", strconv.Itoa(number+1))
	}
	if number > 1 {
		page.PreviousURI = c.uriWith("pageNumber", strconv.Itoa(number-1))
	}
	return ok(page)
}

// uriWith is the request's own URI with one parameter changed.
func (c *call) uriWith(name, value string) string {
	query := c.URL.Query()
	query.Set(name, value)
	return (&url.URL{Path: c.URL.Path, RawPath: c.URL.RawPath, RawQuery: query.Encode()}).String()
}

// nonNil makes sure that an empty list is written as one.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
