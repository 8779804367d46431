//! Every message of corosync's client protocol: layout, encode, decode.
