//! Short pieces of real models, as a user writes them, each compared with plain loops. Some have static dimensions, some are generic over
//! them, and some get theirs when they run.

mod attention;
mod images;
mod learning;
mod plain;
mod sequences;
