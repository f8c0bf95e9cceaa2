package devpg

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

const (
	fetchPatience = time.Minute // without a byte
	fetchLimit    = 256 << 20   // bytes; the bundles have 20 to 40 MB
)

var errStalled = fmt.Errorf("no data for %v", fetchPatience)

// fetch downloads the bundle's archive to a file and checks it against the pinned sum.
func (b *bundles) fetch(ctx context.Context, npm npmSettings, file string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(fetchPatience, func() { cancel(errStalled) })
	defer stall.Stop()

	response, err := b.get(ctx, npm)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	sum := sha512.New()
	show := newProgress(b.progress, response.Request.URL.Redacted(), response.ContentLength)
	beat := writerFunc(func(p []byte) { stall.Reset(fetchPatience) })
	_, err = io.Copy(io.MultiWriter(out, sum, show, beat), io.LimitReader(response.Body, fetchLimit))
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	show.end()
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("%s: %w", response.Request.URL.Redacted(), err)
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != b.integrity {
		return fmt.Errorf("%s: its sum is %s, and not the %s that belongs to version %s: the registry or a proxy gave "+
			"something else; nothing was kept", response.Request.URL.Redacted(), got, b.integrity, bundleVersion)
	}
	return nil
}

// get asks the registry for the archive.
func (b *bundles) get(ctx context.Context, npm npmSettings) (*http.Response, error) {
	client, err := npm.client()
	if err != nil {
		return nil, err
	}
	url := fmt.Sprintf("%s/@embedded-postgres/%s/-/%[2]s-%s.tgz", npm.registry(), b.platform, bundleVersion)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("npm's registry %q: %w", npm.registry(), err)
	}
	if auth := npm.authorization(request.URL); auth != "" {
		request.Header.Set("Authorization", auth)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err // it names the address
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("%s: %s", request.URL.Redacted(), response.Status)
	}
	return response, nil
}

type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}
