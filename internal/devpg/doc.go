// Package devpg runs a private PostgreSQL cluster that belongs to this process: the durable one of `scheduler dev`, and
// the throw-away ones of the tests. It finds installed binaries or fetches a bundle of them, and asks nothing of the
// machine: no service, no Docker, no root.
//
//	Start ── find binaries ── take the data directory ── initdb, once ── postgres ── ready ──► Cluster ── Close
//
// # The data directory
//
// Config.DataDir is a directory of ours with PGDATA inside, so that everything about a cluster is in one place:
//
//	data/           PGDATA, mode 0700, owned by the account that the server runs as
//	data.new-*      an initdb that was killed half-way; nobody uses it
//	password        the superuser's password, mode 0600, outside PGDATA so that no base backup carries it
//	port            the port of the last start, preferred by the next one
//	lock            held with flock(2) by the process that runs the cluster, and names it
//	postgres.log    what the server says, and postgres.log.1 once that has grown
//
// # The cache
//
// Config.CacheDir holds what is the same for all clusters: downloaded bundles, and for clusters of tests moulds, one
// for each installation, of which they are copied in place of initdb. Whatever is wrong with a mould, initdb is there.
//
// # Invariants
//
//   - A data directory is deleted only by the process that made it as a temporary one, or, where that lay in memory and
//     the process was killed, by a later one of the same user, an hour after. A directory that is neither empty
//     nor ours is refused untouched, and a cluster of another major version is refused, never upgraded.
//   - One process at a time runs a cluster: it holds the lock for as long as its server lives. A server that outlives
//     its process is waited for.
//   - The server does not outlive its process for long, even after kill -9: the kernel (Linux) or a watchdog
//     (elsewhere) then tells it to shut down. The data survives and the next Start recovers it.
//   - Only loopback TCP is listened on, and only SCRAM with a generated password gets in, so other users of the machine
//     stay outside. Clusters from one mould share it; those that are to last have their own.
//   - Nothing of the caller's environment reaches initdb or postgres: a PG* variable or DATABASE_URL is meant for the
//     developer's own application.
//   - PostgreSQL refuses to run as root. A root process runs it as `postgres`, or else `nobody`.
package devpg
