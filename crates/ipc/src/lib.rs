//! libqb IPC without libqb: rendezvous, handshake, rings and semaphores.
