package job

import (
	"bytes"
	"strings"
)

// Mask stands where a secret is not shown.
const Mask = "*****"

// secretWords are what the names of secrets hold, in small letters and with _ for -.
var secretWords = []string{
	"authorization", "cookie", "token", "secret", "passw", "passphrase", "_pwd", "credential", "api_key", "apikey",
	"access_key", "accesskey", "private_key", "privatekey", "signature",
}

// secretName says whether a header, a variable, a flag or a parameter of that name looks as if it held a secret.
func secretName(name string) bool {
	name = strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	return strings.Contains("_"+name+"_", "_auth_")
}

// maySecret says whether a JSON text may hold a secret. Most do not, and cost no more than this.
func maySecret(text []byte) bool {
	return bytes.Contains(text, []byte("://")) || bytes.Contains(bytes.ToLower(text), []byte("auth")) ||
		secretName(string(text))
}

// maskURLs masks the secrets in the URLs of a text: passwords, or user names that stand alone, and what is named like a
// secret in a query.
func maskURLs(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return replaceSecrets(text, true, func(string) string { return Mask })
}

// maskText also masks what a text gives to a name: --password=x, "token": "x", Authorization: Bearer x.
func maskText(text string) string {
	return replaceSecrets(text, false, func(string) string { return Mask })
}

// replaceSecrets replaces what looks like a secret in a text. It takes a time that grows with the text's length.
func replaceSecrets(text string, inURLs bool, replace func(secret string) string) string {
	var b strings.Builder
	done := 0
	for at := 0; at < len(text); at++ {
		var from, to int
		switch {
		case text[at] != '=' && text[at] != ':':
			continue
		case strings.HasPrefix(text[at:], "://"):
			from, to = userinfoSecret(text, at+len("://"))
		case !inURLs || text[at] == '=' && inQuery(text, at):
			from, to = namedSecret(text, at)
		}
		if from < done || from >= to { // none
			continue
		}
		b.WriteString(text[done:from])
		b.WriteString(replace(text[from:to]))
		done, at = to, to-1
	}
	return b.String() + text[done:]
}

// userinfoSecret finds the password of a URL whose authority (RFC 3986, section 3.2) begins at from: a user name
// without one may be a token.
func userinfoSecret(text string, from int) (int, int) {
	authority := text[from:]
	if end := strings.IndexAny(authority, "/?#\"'<>` \t\r\n"); end >= 0 {
		authority = authority[:end]
	}
	user := strings.LastIndexByte(authority, '@')
	if user < 0 {
		return 0, 0
	}
	if colon := strings.IndexByte(authority[:user], ':'); colon >= 0 {
		return from + colon + 1, from + user
	}
	return from, from + user
}

// longestName bounds how far back a name is looked for.
const longestName = 100

// nameBefore is the name that stands before a separator, which may be quoted; start is where it begins.
func nameBefore(text string, separator int) (name string, start int) {
	end := separator
	for end > 0 && separator-end < 4 && strings.IndexByte(" \"'\\", text[end-1]) >= 0 {
		end--
	}
	start = end
	for start > 0 && end-start < longestName && partOfName(text[start-1]) {
		start--
	}
	return text[start:end], start
}

func partOfName(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_-.[]", c) >= 0
}

// inQuery says whether the = at a place is one of a URL's query.
func inQuery(text string, at int) bool {
	_, start := nameBefore(text, at)
	return start > 0 && (text[start-1] == '?' || text[start-1] == '&')
}

// namedSecret finds what follows a separator behind the name of a secret. Credentials of HTTP hold blanks.
func namedSecret(text string, separator int) (from, to int) {
	name, _ := nameBefore(text, separator)
	if !secretName(name) {
		return 0, 0
	}
	from = separator + 1
	for from < len(text) && (text[from] == ' ' || text[from] == '\t') {
		from++
	}
	ends := " \t\r\n\"'\\&;,"
	if http := strings.ToLower(name); strings.HasSuffix(http, "authorization") || strings.HasSuffix(http, "cookie") {
		ends = "\r\n\"'\\"
	}
	if quote := strings.TrimLeft(text[from:], `\`); quote != "" && (quote[0] == '"' || quote[0] == '\'') {
		from = len(text) - len(quote) + 1
		ends = quote[:1] + `\`
	}
	if to = strings.IndexAny(text[from:], ends); to < 0 {
		to = len(text) - from
	}
	if strings.HasSuffix(strings.ToLower(name), "tokens") && strings.Trim(text[from:from+to], "0123456789") == "" {
		return 0, 0 // how many, as of a language model
	}
	return from, from + to
}
