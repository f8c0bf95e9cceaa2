package job

import "strings"

// MaxPayload is how many bytes a run may be given. A program gets them as one variable of its environment, of which
// Linux takes 128 KiB at most.
const MaxPayload = 64 << 10

// ValidatePayload says as an *InvalidError what is wrong with the payload of a run, or returns nil.
func ValidatePayload(payload string) error {
	switch {
	case len(payload) > MaxPayload:
		return Invalid("payload", "is %d bytes long; a run takes %d (64 KiB) at most: hand over where the rest is",
			len(payload), MaxPayload)
	case strings.ContainsRune(payload, 0):
		return Invalid("payload",
			"holds a NUL byte, which neither the database nor a program's environment takes; encode it, as in base64")
	}
	return nil
}
