//! Private corosync clusters in network namespaces, for the tests of quorate.
