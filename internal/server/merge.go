package server

import (
	"bytes"
	"encoding/json"
)

// merged is the target with a merge patch applied to it, as RFC 7396, section 2, has it. It changes the target. Its
// work grows with what it is given, and no faster: anybody may send a patch of a hundred thousand names.
func merged(target any, patch map[string]any) map[string]any {
	object, isObject := target.(map[string]any)
	if !isObject {
		object = map[string]any{}
	}
	for name, value := range patch {
		switch inner := value.(type) {
		case nil:
			delete(object, name)
		case map[string]any:
			object[name] = merged(object[name], inner)
		default:
			object[name] = value
		}
	}
	return object
}

// readObject reads a JSON object whose numbers stay as they are written.
func readObject(data []byte) (object map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return object, d.Decode(&object)
}
