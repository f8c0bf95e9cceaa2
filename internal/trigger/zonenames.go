package trigger

import (
	_ "embed"
	"strings"
)

// zoneList has the names of the IANA database, one a line, sorted: those of the Go release that this was built with.
// A name is looked up here before any file, since package time takes it for a path: ./localtime is the machine's own
// zone to it, Europe//Stockholm one more, and a file system may not tell Europe from europe. So a name also means the
// same on each node, whatever its machine has, and all zones there are fit into memory.
//
//go:embed zones.txt
var zoneList string

var zoneNames = func() map[string]bool {
	names := map[string]bool{}
	for name := range strings.Lines(zoneList) {
		names[strings.TrimSuffix(name, "\n")] = true
	}
	return names
}()

// checkZoneName refuses all but the IANA names, in their spelling.
func checkZoneName(name string) error {
	if zoneNames[name] {
		return nil
	}
	switch strings.ToLower(name) {
	case "local", "localtime":
		return fail("timezone", "%q depends on the machine; write an IANA name such as Europe/Stockholm", name)
	case "":
		return fail("timezone", "is empty; write an IANA name such as Europe/Stockholm, or leave it out for UTC")
	}
	for known := range zoneNames {
		if strings.EqualFold(known, name) {
			return fail("timezone", "%q is not spelled like the time zone; write %s", name, known)
		}
	}
	return fail("timezone", "%.60q is not a time zone; write an IANA name such as Europe/Stockholm", name)
}
