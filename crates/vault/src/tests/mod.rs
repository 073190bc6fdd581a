mod derived;
mod files;
mod normalise;
mod random;
mod sealing;
