package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pgdue/pgdue/internal/form"
)

// jsonFormat reads bodies with readJSON.
var jsonFormat = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: readJSON}

// readJSON is form.Unmarshal. The schema knows whole numbers by their values, so 1e30 is one to it.
func readJSON(data []byte, v any) error {
	err := form.Unmarshal(data, v)
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	number, isNumber := strings.CutPrefix(wrong.Value, "number ")
	switch {
	case !isNumber:
		return err
	case wrong.Field == "":
		return fmt.Errorf("%s is too large", number)
	}
	return fmt.Errorf("%s: %s is too large, or not written as a whole number in digits", wrong.Field, number)
}
