package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// table aligns rows of cells, which all have the same number. On a terminal that is narrower than its lines, it leaves
// out the column that can be spared and cuts the widest cells; how wide that is, and whether the columns of -o wide are
// shown, the screen knows that it is printed on. A table without a header is a page of one thing, and is not cut.
type table struct {
	header []string
	rows   [][]string
	inWide []string // columns that only -o wide shows
	spare  string   // the column that is left out first
}

func newTable(header ...string) *table { return &table{header: header} }

func (t *table) row(cells ...string) {
	for i, c := range cells {
		cells[i] = oneLine(c)
	}
	t.rows = append(t.rows, cells)
}

// print writes the rows without the blanks that align empty cells at their ends.
func (t *table) print(w io.Writer) error {
	limit, hide := 0, t.inWide
	if s, ok := w.(*screen); ok && len(t.header) > 0 {
		if limit = s.width; s.wide {
			hide = nil
		}
	}
	rows := t.shown(hide)
	widths := widthsOf(rows)
	if limit > 0 && !shrink(widths, limit, readable) && t.spare != "" {
		rows = t.shown(append(slices.Clone(hide), t.spare))
		widths = widthsOf(rows)
	}
	if limit > 0 {
		shrink(widths, limit, shortest)
	}
	for _, row := range rows {
		line := aligned(row, widths)
		if limit > 0 {
			line = cut(line, limit)
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// shown is the header and the rows without some columns.
func (t *table) shown(hide []string) (rows [][]string) {
	if len(t.header) == 0 {
		return t.rows
	}
	for _, row := range append([][]string{t.header}, t.rows...) {
		var cells []string
		for i, c := range row {
			if !slices.Contains(hide, t.header[i]) {
				cells = append(cells, c)
			}
		}
		rows = append(rows, cells)
	}
	return rows
}

// gap is how many blanks stand between two columns.
const gap = 2

func widthsOf(rows [][]string) (widths []int) {
	for _, row := range rows {
		if widths == nil {
			widths = make([]int, len(row))
		}
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	return widths
}

// Columns that are wider than these are cut: first down to readable, and where that is not enough, to shortest, which a
// time still fits into.
const readable, shortest = 40, 24

// shrink makes the widest columns narrower until a line fits into limit, none to less than floor, and says whether it
// fits.
func shrink(widths []int, limit, floor int) bool {
	for {
		over := gap*(len(widths)-1) - limit
		for _, n := range widths {
			over += n
		}
		if over <= 0 {
			return true
		}
		widest, second := 0, floor
		for i, n := range widths {
			if n > widths[widest] {
				widest = i
			}
		}
		for i, n := range widths {
			if i != widest {
				second = max(second, n)
			}
		}
		if widths[widest] <= floor {
			return false
		}
		// where two are the widest they take turns
		widths[widest] = max(widths[widest]-over, min(second, widths[widest]-1), floor)
	}
}

func aligned(row []string, widths []int) string {
	var b strings.Builder
	for i, c := range row {
		c = cut(c, widths[i])
		b.WriteString(c)
		b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+gap))
	}
	return strings.TrimRight(b.String(), " ")
}

// cut leaves of a text what a width can hold, with … where something is missing.
func cut(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return strings.TrimRight(string(runes[:width-1]), " ") + "…"
	}
	return text
}
