package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError tells what is wrong with a flag in our words: those of strconv and time name functions of Go.
func flagError(cmd *cobra.Command, err error) error {
	invalid, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return usagef(cmd, "%v", err)
	}
	flag := invalid.GetFlag()
	return usagef(cmd, "--%s: %q %s", flag.Name, invalid.GetValue(), wrongValue(flag.Value.Type(), invalid.Unwrap()))
}

// wrongValue says what a value of a flag is not. Types of our own say it themselves.
func wrongValue(kind string, cause error) string {
	outside := errors.Is(cause, strconv.ErrRange)
	switch kind {
	case "int", "int64":
		if outside {
			return "is too large, or too small"
		}
		return "is not a whole number, as in 12"
	case "float64":
		if outside {
			return "is too large, or too small"
		}
		return "is not a number, as in 1.5"
	case "bool":
		return "is neither true nor false"
	case "duration":
		return "is not a duration, as in 90s or 1m30s"
	}
	return fmt.Sprintf("is not right: %v", cause)
}
