//! An expert's sessions: importers, grounding, the stand-in expert.
