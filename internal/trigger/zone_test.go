package trigger

import (
	"archive/zip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The zones with an odd history: half-hour shifts, transitions at midnight, negative daylight saving, a skipped day.
var oddZones = []string{"UTC", "Europe/Stockholm", "America/New_York", "Europe/Dublin", "Africa/Casablanca",
	"Australia/Lord_Howe",
	"Pacific/Apia", "America/Havana", "Asia/Beirut", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Monrovia",
	"Antarctica/Troll"}

func TestSpansAgreeWithTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, err := loadZone(rapid.SampledFrom(oddZones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		n := rapid.IntRange(0, len(z.spans)-1).Draw(t, "span")
		i := instant(rapid.Int64Range(int64(earliest), int64(latest)).Draw(t, "instant"))
		for _, i := range []instant{i, max(0, z.spans[n].start), max(0, z.spans[n].start-1)} {
			if got, want := z.wall(i)-wall(i), wall(offsetOf(i.time().In(z.loc))); got != want {
				t.Fatalf("offset of %s at %s = %d, want %d", z.loc, i.time().Format(time.RFC3339Nano), got, want)
			}
		}
	})
}

func TestInstantsOfWallAreThoseThatShowIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, err := loadZone(rapid.SampledFrom(oddZones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		n := rapid.IntRange(0, len(z.spans)-1).Draw(t, "span")
		near := max(0, z.spans[n].start) + instant(rapid.Int64Range(-30*hour, 30*hour).Draw(t, "distance"))
		w := wall(near)
		first, last, ok := z.instants(w)
		if ok && (z.wall(first) != w || z.wall(last) != w || first > last) {
			t.Fatalf("the clocks of %s show %s at %s and %s", z.loc, describeWall(w), first.time(), last.time())
		}
		for _, s := range z.spans {
			i := instant(int64(w) - s.offset)
			if z.wall(i) == w && (!ok || i < first || i > last) {
				t.Fatalf("%s in %s is also at %s", describeWall(w), z.loc, i.time())
			}
		}
		if !ok && (z.wall(last) <= w || z.wall(last-1) >= w || z.wall(first) <= w) {
			t.Fatalf("%s in %s is not in a gap at %s, or shifted wrongly to %s", describeWall(w), z.loc, last.time(),
				first.time())
		}
	})
}

// The names of the IANA database are known, in its spelling, and no path to them.
func TestZonesHaveIANANames(t *testing.T) {
	for _, name := range allZones(t) {
		if !zoneNames[name] {
			t.Errorf("%s is not in zones.txt; write it anew: unzip -Z1 $(go env GOROOT)/lib/time/zoneinfo.zip | "+
				"grep -v '/$' | LC_ALL=C sort > zones.txt", name)
		}
	}
	before := zonesKept()
	for name, want := range map[string]string{
		"./localtime":            `"./localtime" is not a time zone; write an IANA name such as Europe/Stockholm`,
		"./posixrules":           `"./posixrules" is not a time zone; write an IANA name such as Europe/Stockholm`,
		"posixrules":             `"posixrules" is not a time zone; write an IANA name such as Europe/Stockholm`,
		"posix/Europe/Stockholm": `"posix/Europe/Stockholm" is not a time zone; write an IANA name such as Europe/Stockholm`,
		"Europe//Stockholm":      `"Europe//Stockholm" is not a time zone; write an IANA name such as Europe/Stockholm`,
		"Europe/./Stockholm":     `"Europe/./Stockholm" is not a time zone; write an IANA name such as Europe/Stockholm`,
		"Europe/Stockholm/":      `"Europe/Stockholm/" is not a time zone; write an IANA name such as Europe/Stockholm`,
		"Europe":                 `"Europe" is not a time zone; write an IANA name such as Europe/Stockholm`,
		" UTC":                   `" UTC" is not a time zone; write an IANA name such as Europe/Stockholm`,
		"localtime":              `"localtime" depends on the machine; write an IANA name such as Europe/Stockholm`,
		"europe/stockholm":       `"europe/stockholm" is not spelled like the time zone; write Europe/Stockholm`,
		"utc":                    `"utc" is not spelled like the time zone; write UTC`,
		"":                       `is empty; write an IANA name such as Europe/Stockholm, or leave it out for UTC`,
		strings.Repeat("./", 90_000): `"` + strings.Repeat("./", 30) + `" is not a time zone; ` +
			`write an IANA name such as Europe/Stockholm`,
	} {
		if _, err := loadZone(name); err == nil || err.(*Error).Message != want {
			t.Errorf("%.40q: %.200v, want %s", name, err, want)
		}
	}
	if after := zonesKept(); after != before {
		t.Errorf("%d zones are kept, %d before what is none was asked for", after, before)
	}
}

func zonesKept() (n int) {
	zones.Range(func(any, any) bool { n++; return true })
	return n
}

// The walk over spans relies on this: see wallClock.
func TestNoTransitionReachesIntoTheNext(t *testing.T) {
	for _, name := range allZones(t) {
		z, err := loadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		for n := 1; n < len(z.spans); n++ {
			s, before := z.spans[n], z.spans[n-1]
			shift := instant(max(s.offset-before.offset, before.offset-s.offset))
			if z.end(n)-s.start < shift || s.start-before.start < shift {
				t.Errorf("%s: the transition at %s moves the clocks by more than it is away from the next", name,
					s.start.time())
			}
		}
	}
}

// allZones lists the zones that come with Go.
func allZones(t *testing.T) (names []string) {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("ask for GOROOT: %v", err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib/time/zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, f := range archive.File {
		if !strings.HasSuffix(f.Name, "/") {
			names = append(names, f.Name)
		}
	}
	if len(names) < 400 {
		t.Fatalf("only %d zones", len(names))
	}
	return names
}
