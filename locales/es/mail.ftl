### Correo entrante: qué se encontró al mirar los servidores de un buzón, y solicitudes hechas de correo ilegible.

mailbox-error-ok = Funciona.
mailbox-error-local = Este servidor está en la propia máquina de la aplicación o solo en su enlace de red. Si es lo que quiere, ponga local_mail_servers en true en bedside.toml.
mailbox-error-unreachable = No se puede llegar al servidor de correo. Compruebe su nombre y su puerto.
mailbox-error-broken = Se cortó la conexión con el servidor de correo. Se intenta de nuevo.
mailbox-error-timed_out = El servidor de correo no respondió a tiempo.
mailbox-error-tls = No hay conexión segura con el servidor de correo. Compruebe el puerto y el certificado del servidor.
mailbox-error-no_starttls = El servidor de correo no ofrece STARTTLS. Use TLS o pregunte a su proveedor.
mailbox-error-needs_tls = Aquí no se lee ni se envía nada: sin TLS, las contraseñas y las palabras de los pacientes viajarían a la vista. Elija TLS o STARTTLS, o ponga unprotected_mail en true en bedside.toml. Mientras tanto no se pierde nada.
mailbox-error-login = El servidor de correo rechazó el usuario o la contraseña.
mailbox-error-no_folder = Esta carpeta no existe o no se puede abrir.
mailbox-error-no_uids = El servidor de correo no tiene números de mensaje duraderos (UID) y no se puede usar.
mailbox-error-refused = El servidor de correo rechazó la petición.
mailbox-error-protocol = No se entiende la respuesta del servidor de correo.
mailbox-error-desk = No se pudo guardar el correo. Se intenta de nuevo.

mail-parked-subject = No se pudo leer un correo
mail-parked-body =
    Llegó un correo que no se pudo leer. Va adjunto tal como llegó: ábralo con cuidado y responda a mano.
    Motivo: { $reason }
mail-parked-too-large-body =
    El { $arrived } llegó un correo de { $size } bytes al buzón { $mailbox }. Es mayor de lo que se admite y quedó allí, sin leer.
mail-parked-unreadable-body =
    El { $arrived } llegó al buzón { $mailbox } un correo que el servidor no pudo entregar. Quedó allí, sin leer.
mail-parked-find =
    Su cabecera va adjunta. Busque en ese buzón su remitente, asunto y hora, ábralo allí y responda a mano.
mail-parked-beginning = Esto dice al principio:
mail-parked-find-by-time =
    Busque esa hora en el buzón, abra allí el correo y responda a mano.
mail-parked-reason-too-large = es mayor de lo que se admite.
mail-parked-reason-header = su cabecera es demasiado grande.
mail-parked-reason-parts = tiene demasiadas partes una dentro de otra.
mail-parked-reason-empty = está vacío.
mail-parked-reason-not-mail = no es un mensaje de correo.
mail-parked-reason-no-sender = no nombra a ningún remitente a quien responder.
mail-parked-reason-attempts = no se pudo leer tras varios intentos.
mail-parked-reason-unreadable = el servidor de correo no pudo entregarlo.
