// Package lsp is the language server of playbooks and rules: what an editor
// shows of them while they are typed. It reads a project as lint does, with the
// open texts over the files, and takes every word it says from the docs of keys,
// functions and fields. It speaks LSP 3.17 over a pipe, with framing and types
// of its own: no well-kept library for servers is at that version.
package lsp
