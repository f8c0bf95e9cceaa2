package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

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
				return printJSON(cmd.OutOrStdout(), client.Version{Version: buildVersion()})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "scheduler %s (%s, %s/%s)\n", buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
	cmd.Flags().VarP(&output, "output", "o", "`format` of the output: table or json")
	return cmd
}
