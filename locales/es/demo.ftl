### Las páginas propias de la demostración.

demo-banner = Demostración: todas las personas y todo lo que hay aquí es inventado. Nada sale de esta máquina.
demo-public = Esto es una demostración: la clínica y todas las personas son inventadas. Por favor, no escriba nada verdadero sobre usted.
demo-to-desk = Ir al escritorio
demo-mail-title = El buzón del paciente
demo-mail-intro = Escriba a la clínica como lo haría un paciente. El escritorio recibe su correo, y lo que envía llega aquí: el acuse de recibo, la respuesta, la pregunta de cómo le fue.
demo-mail-write = Escribir a la clínica
demo-mail-name = Su nombre
demo-mail-address = Su correo (sirve cualquiera, nada se envía de verdad)
demo-mail-to = Para: { $address }
demo-mail-subject = Asunto
demo-mail-text = Mensaje
demo-mail-send = Enviar
demo-mail-box = Correo de { $address }
demo-mail-empty = Todavía nada. Escriba algo: la clínica responde enseguida que ha llegado.
demo-mail-own = Usted escribió
demo-mail-theirs = La clínica escribió
demo-mail-back = Volver al buzón
demo-mail-answer = Responder
demo-mail-file = Abrir en un programa de correo
