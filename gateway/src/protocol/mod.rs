//! What clients speak. Each folder is a protocol: an adapter, which turns its messages into facts for a
//! conversation and what a conversation says into its messages, without input and output, and a loop
//! around it. None has any logic of a conversation.

pub mod realtime;
