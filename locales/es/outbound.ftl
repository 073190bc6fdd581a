### Lo que impide enviar un correo, para quienes configuran el sistema.

outbound-trouble-no-mailbox = Ningún buzón puede enviar. El correo saldrá cuando haya uno.
outbound-trouble-connection = No se puede llegar al servidor de correo. Se sigue intentando.
outbound-trouble-sending = Se está entregando el correo.
outbound-trouble-may-have-arrived = La conexión se cortó antes de que el servidor respondiera; el correo pudo haber llegado o no.
outbound-trouble-held = Esperaba cuando se hizo una copia de seguridad que se restauró después, y quizá ya salió. Compruebe si lo tienen antes de intentarlo de nuevo.
outbound-trouble-gave-up = Se intentó durante 72 horas sin éxito.
outbound-trouble-address = No es una dirección de correo, o ya no es la de esa persona.
outbound-trouble-template = No se puede completar el texto de este correo. Revise las plantillas.
outbound-trouble-settings = No se puede usar la configuración del servidor de correo.
outbound-trouble-smtp = El servidor de correo no aceptó el correo.
outbound-trouble-bounced = El correo fue devuelto.
outbound-trouble-other = No se pudo enviar el correo.

# A mail to a colleague; below the text stands a link to the request.
undelivered-subject = Un correo a un paciente no llegó
undelivered-text = Un correo del servicio no llegó a su destinatario. Revise la solicitud:
