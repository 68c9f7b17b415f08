// tcp_hash_pkg: the keyed hash that places connections in tables.
//
// Toeplitz: linear, hence shallow in logic, and unpredictable to a remote who does not know the
// key, so that nobody can aim connections at one set.
`default_nettype none

package tcp_hash_pkg;
  import tautline_pkg::*;

  // Bit i is the inner product of the 4-tuple and the key's window at i. A table uses the low bits.
  function automatic logic [15:0] toeplitz(input key_t key, input logic [127:0] hash_key);
    logic [15:0] h;
    for (int i = 0; i < 16; i++) h[i] = ^(key & hash_key[i+:96]);
    return h;
  endfunction

endpackage

`default_nettype wire
