package main

import (
	"fmt"
	"os"
	"os/user"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/internal/executor"
)

// readExecUser finds out as whom the programs of jobs run, and warns of root.
func (n *node) readExecUser(cmd *cobra.Command) (err error) {
	switch {
	case n.execUser == "":
		if n.enableExec && os.Geteuid() == 0 && cmd.Name() == "serve" {
			n.log.Warn("the programs of jobs run as root: run this node as another user, or give --exec-user")
		}
		return nil
	case !n.enableExec:
		return usagef(cmd, "--exec-user goes with --enable-exec only")
	case os.Geteuid() != 0:
		return usagef(cmd, "--exec-user needs a node that runs as root; leave it out, and programs run as this user")
	}
	if n.account, err = accountOf(n.execUser); err != nil {
		return fmt.Errorf("--exec-user: %w; give a user of this machine", err)
	}
	return nil
}

// accountOf looks a user up.
func accountOf(name string) (*executor.Account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, err
	}
	a := &executor.Account{Name: u.Username, Home: u.HomeDir}
	for to, text := range map[*uint32]string{&a.UID: u.Uid, &a.GID: u.Gid} {
		if *to, err = number(text); err != nil {
			return nil, err
		}
	}
	for _, text := range groups {
		g, err := number(text)
		if err != nil {
			return nil, err
		}
		a.Groups = append(a.Groups, g)
	}
	return a, nil
}

func number(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err
}
