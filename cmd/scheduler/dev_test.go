package main

import (
	"strings"
	"testing"
)

// writes are the texts that were written, one by one.
type writes []string

func (w *writes) Write(p []byte) (int, error) {
	*w = append(*w, string(p))
	return len(p), nil
}

func TestBannerIsWrittenAtOnce(t *testing.T) {
	var got writes
	if err := writeBanner(&got,
		bannerData{API: "http://127.0.0.1:8080", DatabaseURL: "postgres://x", Demo: true}); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || !strings.Contains(got[0], "psql 'postgres://x'") {
		t.Errorf("the banner is written in %d parts: %q", len(got), got)
	}
}
