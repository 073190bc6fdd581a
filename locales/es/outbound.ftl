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
outbound-trouble-file-unchecked = Un archivo no se pudo revisar con el antivirus. Se intenta de nuevo.
outbound-trouble-file-infected = Un archivo es dañino, así que el correo no se envió. Responda de nuevo sin él.
outbound-trouble-other = No se pudo enviar el correo.

# A mail to a colleague; below the text stands a link to the request.
notice-subject = Novedades sobre su acceso
notice-new-device = Se entró en su cuenta ({ $at }) con un navegador o dispositivo que no ha usado aquí últimamente.
notice-by-link = Se entró en su cuenta ({ $at }) con un enlace de un solo uso.
notice-wrong-code = Alguien que conoce su contraseña, o tiene un enlace suyo, escribió códigos incorrectos ({ $at }) y no entró.
notice-after-wrong = Alguien escribió bien su contraseña ({ $at }), después de varios intentos equivocados.
notice-moved = Su sesión apareció en otro navegador ({ $at }). La cerramos, por si alguien se la llevó. Si fue usted, solo tiene que entrar otra vez.
notice-password = Se eligió una contraseña nueva para su cuenta ({ $at }).
notice-role = Su función en el servicio cambió ({ $at }). Entre otra vez.
notice-role-more = Su función en el servicio cambió ({ $at }) y ahora permite más. Con eso terminaron su contraseña y sus llaves de acceso: quien gestiona el personal le dará un enlace para entrar y elegir otra.
notice-address = Desde el { $at }, esta es su dirección en el servicio: así lo dice el directorio de personas de su clínica. Entre otra vez con ella.
notice-factor-added = Se añadió un segundo factor a su cuenta ({ $at }).
notice-factor-removed = Se desactivó el segundo factor de su cuenta ({ $at }).
notice-factor-reset = Quien gestiona el personal restableció el segundo factor de su cuenta ({ $at }).
notice-recovery-codes = Se hicieron códigos de recuperación nuevos para su cuenta ({ $at }). Los anteriores ya no sirven.
notice-recovery-used = Se usó un código de recuperación para confirmar quién es ({ $at }).
notice-passkey-added = Se añadió una llave de acceso a su cuenta ({ $at }).
notice-passkey-removed = Se quitó una llave de acceso de su cuenta ({ $at }).
notice-passkey-stopped = Un dispositivo que puede ser una copia mostró una llave de acceso suya ({ $at }). La llave ya no sirve y se cerraron todas sus sesiones. Entre de otra manera, quítela y cree una nueva.
notice-sso-linked = Su cuenta de aquí se conectó ({ $at }) con una cuenta de su organización: quien inicie sesión con esa entra como usted.
notice-sso-left = Su cuenta de aquí se desconectó ({ $at }) de la de su organización.
notice-not-you = Si ya lo sabía, no tiene que hacer nada. Si no, avise enseguida a quien gestiona el personal y revise su acceso:
notice-opening = Un colega abrió un expediente restringido ({ $at }) y dijo por qué. Este correo no dice nada del paciente.
notice-exception-subject = Algo espera una segunda mirada
notice-past-rules = Un colega abrió una solicitud por una emergencia, o cambió un teléfono o correo de un paciente sin los pasos habituales ({ $at }), y dijo por qué. Este correo no dice nada del paciente.
notice-exception-look = Por favor, mírelo y dé su visto bueno o diga qué se hará:
notice-retention-subject = Se borrarán más registros por antigüedad
notice-retention = Se decidió ({ $at }) que se borren más registros por antigüedad. Si no fue usted, pregunte quién lo hizo. Cuenta un día después. Este correo no dice nada de ningún paciente.
notice-retention-look = Por favor, mírelo. Hasta entonces puede retirarse:
notice-provisioning-subject = Su proveedor de identidad ya no llega al servicio
notice-provisioning = Su clave de API terminó ({ $at }), porque la persona que la creó ya no puede entrar o ahora puede menos. Hasta que haya otra, quien deje su organización sigue entrando aquí, salvo que alguien lo bloquee a mano.
notice-provisioning-look = Por favor, cree una clave nueva y désela al proveedor:
notice-renewal-subject = Algo del servicio va a terminar
notice-renewal = Algo con lo que el servicio u otro sistema entra termina pronto, o no tiene fin ({ $at }).
notice-renewal-look = La página de ajustes dice qué es y hasta cuándo. Por favor, renuévelo antes:
notice-link-ends-subject = Su enlace al servicio termina pronto
notice-link-ends = El enlace con el que usted entra al servicio termina dentro de un día ({ $at }), y aún no lo ha usado.
notice-link-ends-look = Abra el correo o mensaje en que lo recibió, o pida uno nuevo a quien gestiona el personal. Este es el servicio:
invitation-subject = Su acceso al servicio
invitation-text = Este enlace le deja entrar al servicio de { $clinic }. Funciona una vez, dentro de tres días, y es solo para usted: por favor, no lo pase a nadie.
invitation-look = Si no lo esperaba, avise a quien gestiona el personal y no lo abra.
undelivered-subject = Un correo a un paciente no llegó
undelivered-text = Un correo del servicio no llegó a su destinatario. Revise la solicitud:

# Correos sobre quién es alguien. No nombran a nadie ni nada.
identity-code-subject = Su código de { $clinic }
identity-code-before = Alguien de { $clinic } está en contacto con usted y quiere asegurarse de que es usted. Dígale este código:
identity-code-after = Funciona una vez, durante 10 minutos. Si ahora no está en contacto con nosotros, no se lo diga a nadie y llámenos: { $phone }
identity-changed-subject = Cambiaron datos de contacto en { $clinic }
identity-changed-what = Se cambió, se añadió o se quitó un número de teléfono o una dirección de correo que { $clinic } tiene de usted o de alguien por quien usted está en contacto con nosotros. Este correo va a las direcciones que ya estaban.
identity-changed-call = Si no sabe nada de esto, llámenos: { $phone }. Si lo sabía, no tiene que hacer nada.
