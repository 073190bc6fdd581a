mod derived;
mod files;
mod normalise;
mod sealing;
