//! Holds spoken conversations. Only the rules of a conversation exist so far: see
//! [`conversation`].

pub mod conversation;
