package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

// version is set by releases: -ldflags "-X main.version=v1.2.3".
var version string

// buildVersion is the release, else what the go command knows: the module's version or the commit, else "devel".
func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

func newVersion() *cobra.Command {
	var output outputFormat = outputTable
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of this binary",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output == outputJSON {
				return printJSON(cmd.OutOrStdout(), client.Version{Version: buildVersion(), TZData: tzdataVersion()})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "scheduler %s (%s, %s/%s, tzdata %s)\n",
				buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH, tzdataVersion())
			return nil
		},
	}
	cmd.Flags().VarP(&output, "output", "o", "`format` of the output: table or json")
	return cmd
}

// tzdataVersion says which time zone database is in use: the machine's, which package time prefers, or else the one
// embedded in this binary, which is that of the Go release.
func tzdataVersion() string {
	if file := os.Getenv("ZONEINFO"); file != "" {
		return "from $ZONEINFO, " + file
	}
	for _, dir := range []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ",
		"/etc/zoneinfo"} {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			continue
		}
		return zoneinfoVersion(dir) + " in " + dir
	}
	return "embedded by " + runtime.Version()
}

// zoneinfoVersion reads the release from a zoneinfo directory: tzdata.zi begins with "# version 2026a", and some
// systems have the file +VERSION.
func zoneinfoVersion(dir string) string {
	if data, err := os.ReadFile(filepath.Join(dir, "+VERSION")); err == nil {
		return strings.TrimSpace(string(data))
	}
	f, err := os.Open(filepath.Join(dir, "tzdata.zi"))
	if err != nil {
		return "of unknown version"
	}
	defer f.Close()
	line, _ := bufio.NewReader(f).ReadString('\n') // a file without a whole line has no version either
	if v, ok := strings.CutPrefix(strings.TrimSpace(line), "# version "); ok {
		return v
	}
	return "of unknown version"
}
