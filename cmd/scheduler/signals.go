package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// stopSignals ask the process to stop. SIGHUP is that of a terminal that is closed; a process that was started with
// nohup ignores it, and goes on ignoring it.
func stopSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// signalError is the cause of a context that a signal ended.
type signalError struct{ os.Signal }

func (e signalError) Error() string { return "received " + name(e.Signal) }

// name is the usual name of a signal, not its description.
func name(s os.Signal) string {
	switch s {
	case os.Interrupt:
		return "SIGINT"
	case syscall.SIGTERM:
		return "SIGTERM"
	case syscall.SIGHUP:
		return "SIGHUP"
	}
	return s.String()
}

// hurryKey is where a context holds what the second signal closes.
type hurryKey struct{}

// hurry is closed when a stopping process is asked once more to stop; nil where no signals are listened to.
func hurry(ctx context.Context) <-chan struct{} {
	c, _ := ctx.Value(hurryKey{}).(chan struct{})
	return c
}

// withSignals is a context that ends with the first signal. The second closes hurry; the third ends the process.
func withSignals(ctx context.Context) context.Context {
	asked := make(chan os.Signal, 3)
	signal.Notify(asked, stopSignals()...)
	again := make(chan struct{})
	ctx, cancel := context.WithCancelCause(context.WithValue(ctx, hurryKey{}, again))
	go func() {
		cancel(signalError{<-asked})
		<-asked
		close(again)
		s := <-asked
		fmt.Fprintf(os.Stderr,
			"scheduler: received %s for the third time: the process ends at once; others end its runs "+
				"as lost\n", name(s))
		os.Exit(exitError)
	}()
	return ctx
}
