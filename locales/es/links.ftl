### Lo que lee el paciente sobre su solicitud detrás de un enlace personal.

thread-status-new = Recibimos su mensaje
thread-status-open = Estamos trabajando en ello
thread-status-waiting-on-patient = Esperamos su respuesta
thread-status-waiting-on-third-party = Esperamos a otra persona
thread-status-resolved = Creemos que está resuelto
thread-status-closed = Esta solicitud está cerrada
