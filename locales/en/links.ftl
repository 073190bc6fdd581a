### What the patient's side reads about a request behind a personal link.

thread-status-new = We have your message
thread-status-open = We are working on it
thread-status-waiting-on-patient = We are waiting for your answer
thread-status-waiting-on-third-party = We are waiting for somebody else
thread-status-resolved = We believe this is settled
thread-status-closed = This request is closed
