package devpg

import (
	"os"
	"strings"
)

// ForgetEnvironment removes the PG* variables from this process's environment, but for PGDUE_*. pgx and libpq fill gaps
// in an address from them, and a developer exports them for another application's database than this cluster's.
func ForgetEnvironment() {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "PG") && !strings.HasPrefix(name, "PGDUE_") {
			os.Unsetenv(name)
		}
	}
}
