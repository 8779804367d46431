//! Safe sessions with a corosync daemon.
