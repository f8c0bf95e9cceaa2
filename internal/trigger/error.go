package trigger

import "fmt"

// Error says what is wrong with a trigger and what would be right. It is the only error type that Parse and Never
// return.
type Error struct {
	// Field is the JSON path inside the trigger: "every", "fields.hour", "of[1].at". It is empty when the trigger is
	// not a JSON object at all.
	Field string
	// Message names the value and what would be right.
	Message string
}

// Error returns "field: message".
func (e *Error) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

func fail(field, format string, args ...any) error {
	return &Error{Field: field, Message: fmt.Sprintf(format, args...)}
}

// under moves err, an *Error, into the field that holds the part it is about.
func under(field string, err error) error {
	e := err.(*Error)
	if e.Field == "" {
		return &Error{field, e.Message}
	}
	return &Error{field + "." + e.Field, e.Message}
}
