//! The whole chain from one file: data, world, demonstrations, training, evaluation, report, each stage skipped
//! when nothing that it depends on has changed.
