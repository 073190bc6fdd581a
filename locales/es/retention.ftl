## Lo que se borra solo, cada tipo de registro a su tiempo.

retention = Lo que se borra por antigüedad
retention-intro = Cada tipo de registro puede borrarse solo cuando pasa su plazo. No se borra nada hasta que alguien de su clínica mira qué se borraría y lo activa. Lo que borra más cuenta un día después, y hasta entonces puede retirarse. Pregunte a su abogado cuánto tiempo quiere su estado que se guarden las historias clínicas.
retention-on = Activada
retention-off = Desactivada
retention-would = No se borra nada. Si estuviera activada:
retention-after = Después de { $days } días.
retention-after-age = Después de { $days } días, y no antes de que el paciente cumpla { $age } años.
retention-change = Mirar y decidir
retention-today = { $count ->
    [0] Hoy no se borraría nada
    [one] Hoy se borraría uno
   *[other] Hoy se borrarían { $count }
}
retention-soon = { $count ->
    [0] Ninguno más en los próximos 90 días
    [one] Uno más en los próximos 90 días
   *[other] { $count } más en los próximos 90 días
}
retention-span = del { $oldest } al { $newest }
retention-held = { $count ->
    [one] Uno ha pasado su plazo y se guarda por una retención legal o una solicitud de privacidad abierta
   *[other] { $count } han pasado su plazo y se guardan por una retención legal o una solicitud de privacidad abierta
}
retention-young = { $count ->
    [one] Uno ha pasado su plazo y se guarda por la edad de su paciente
   *[other] { $count } han pasado su plazo y se guardan por la edad de sus pacientes
}
retention-more = Hay más de los que se miraron: se borrarían al menos estos.
retention-waits = A partir de { $at } cuenta esto:
retention-take-back = Retirarlo

retention-requests = Solicitudes terminadas
retention-requests-about = Se borran sus mensajes, notas, archivos y correos, y lo que la búsqueda sabe de ellos. Quedan el número, la cola, las horas, de quién era y la nota de la valoración, para las estadísticas y para saber quién la vio. Quien escribió se borra con la última de sus solicitudes, salvo que sea un paciente registrado, actúe por uno o haya dicho que sí o que no a algo.
retention-requests-event = Se cuenta desde la última vez que se tocó la solicitud después de terminarla.
retention-raw-mails = Correos tal como llegaron
retention-raw-mails-about = El correo tal como lo dio el servidor, con la clave que lo protege. Las palabras quedan en la solicitud. Lo que no se pudo leer se guarda con su solicitud.
retention-raw-mails-event = Se cuenta desde que llegó el correo.
retention-ratings = Palabras de las valoraciones
retention-ratings-about = Lo que la gente escribió con su valoración. La nota queda para las estadísticas.
retention-ratings-event = Se cuenta desde la respuesta.
retention-identity = Quién fue verificado
retention-identity-about = Que alguien mostró quién es, y cómo, con las llamadas y segundas miradas.
retention-identity-event = Se cuenta desde que se mostró.
retention-privacy-requests = Solicitudes de privacidad
retention-privacy-requests-about = Lo que los pacientes pidieron por ley sobre sus datos, y la respuesta. Las de borrado quedan, porque de ellas depende el certificado; las restricciones, oposiciones y correcciones quedan mientras exista la historia del paciente.
retention-privacy-requests-event = Se cuenta desde que se cerró.
retention-disclosures = Lo que se entregó
retention-disclosures-about = La lista con la que se dice a un paciente a quién de fuera se dieron sus datos.
retention-disclosures-event = Se cuenta desde que se anotó.
retention-corrections = Correcciones
retention-corrections-about = Donde alguien vio una solicitud de otra manera que el sistema: solo códigos. Las palabras son de la solicitud.
retention-corrections-event = Se cuenta desde la corrección.
retention-drafts = Borradores
retention-drafts-about = Respuestas que alguien empezó y nunca envió.
retention-drafts-event = Se cuenta desde la última vez que alguien escribió en él.
retention-exceptions = Excepciones
retention-exceptions-about = Historias restringidas que alguien abrió por un motivo, y lo que se hizo sin los pasos que verifican quién pregunta. Solo se borra lo que alguien dio por visto.
retention-exceptions-event = Se cuenta desde que se dio por visto.
retention-findings = Miradas inusuales
retention-findings-about = Miradas a historias que merecían una pregunta, con lo que se dijo de ellas. Solo se borra lo que alguien dio por visto.
retention-findings-event = Se cuenta desde que se dio por visto.
retention-incidents = Incidentes
retention-incidents-about = Los incidentes con las personas afectadas, el texto de las cartas y a quién se avisó. Un incidente queda mientras alguien de su lista tenga una retención legal.
retention-incidents-event = Se cuenta desde que se cerró.
retention-consents = Avisos y consentimientos anteriores
retention-consents-about = Qué aviso recibió un paciente y a qué dijo sí o no, cuando algo más nuevo ocupó su lugar. Lo más nuevo siempre queda.
retention-consents-event = Se cuenta desde que algo más nuevo ocupó su lugar.
retention-representatives = Quién actuó por un paciente
retention-representatives-about = Padres, tutores y otras personas que ya no actúan por un paciente, con lo que mostró que podían hacerlo. Queda quien todavía recibe lo que va dirigido al paciente.
retention-representatives-event = Se cuenta desde que terminó.
retention-holds = Retenciones legales terminadas
retention-holds-about = Por qué se retuvo una historia, desde cuándo y hasta cuándo, y quién lo dijo. Una retención que todavía cuenta queda.
retention-holds-event = Se cuenta desde que se retiró o, si nadie lo hizo, desde su último día.
retention-contacts = Personas sin solicitudes
retention-contacts-about = Nombres y direcciones de personas que no son pacientes y de quienes no hay nada más aquí. Queda quien actúa por alguien, tiene la sesión abierta, está en la lista de un incidente o dijo que sí o que no a algo: un no hay que respetarlo.
retention-contacts-event = Se cuenta desde la última vez que se añadió a la persona o una forma de contactarla, o que se le envió una confirmación.
retention-patients = Pacientes sin nada
retention-patients-about = Pacientes de quienes no hay nada más aquí: ninguna solicitud, ni siquiera una cuyas palabras se borraron, nada pedido por ley, aceptado o entregado, y nadie que actúe por ellos. Se borran nombre, fecha de nacimiento, número de historia y direcciones.
retention-patients-event = Se cuenta desde la última vez que se añadió al paciente o una forma de contactarlo, o que se le envió una confirmación.

retention-fixed = Lo que no se elige
retention-fixed-log = El registro de auditoría queda. Sus entradas están encadenadas, para que nadie pueda quitar una sin que se vea, y contienen identificadores y códigos, no palabras. La ley las quiere al menos seis años (45 CFR 164.316(b)(2)(i)).
retention-fixed-erasures = Los certificados de lo destruido quedan, con las marcas por las que un correo que sigue en el buzón no vuelve a entrar.
retention-fixed-soon = Las sesiones, los enlaces para pacientes, los archivos que nadie envió y las copias de historias se borran solos, cada uno a los días que le tocan.

retention-step-look = Primero, mire
retention-days = Días
retention-least = Al menos { $days }.
retention-age = Y no antes de que el paciente tenga esta edad
retention-age-help = Los registros de menores se guardan hasta la mayoría de edad y unos años más; algunos estados llegan a los 30. Sin fecha de nacimiento, el registro de un paciente se guarda hasta que incluso alguien nacido ese día tenga esta edad. De quien no es paciente registrado nada dice su edad: lo suyo se borra solo por días.
retention-look = Mirar qué se borraría
retention-step-decide = Después, decida
retention-decide = Que se borren
retention-decide-help = Si con esto se borra más que ahora, cuenta dentro de 24 horas y se avisa a quienes deciden sobre la privacidad. Lo que se borra desaparece del sistema; una copia de seguridad anterior lo conserva hasta que caduque.
retention-switch-off = Desactivarla
retention-switch-off-help = Desde ahora no se borra nada más. Lo que se borró no vuelve.
retention-error-least = Este tipo de registro se guarda al menos { $days } días.
retention-error-days = Dé un número entero de días, como mucho 36.600.
retention-error-age = Dé una edad de 18 a 40 años.
retention-error-look = Mire primero qué se borraría. Una mirada vale una hora.

retention-runs = Lo que se borró
retention-runs-intro = Cada regla activada corre una vez al día. Cada vez deja una cuenta firmada de lo que hizo, en números.
retention-runs-none = Todavía no ha corrido nada
retention-runs-none-text = La primera vez es dentro de la hora siguiente a que una regla cuente.
retention-went = { $count ->
    [0] no se borró nada
    [one] se borró uno
   *[other] se borraron { $count }
}
retention-kept = { $count ->
    [one] uno guardado
   *[other] { $count } guardados
}
retention-going = Sin terminar
retention-proof = Cuenta de lo hecho
retention-save = Guardarla
retention-proof-record = Qué
retention-proof-rule = Regla
retention-proof-decided = Lo decidió
retention-proof-cutoff = Lo anterior a
retention-proof-started = Empezó
retention-proof-ended = Terminó
retention-proof-records = Borrados
retention-proof-held = Guardados por una retención legal o una solicitud abierta
retention-proof-young = Guardados por la edad del paciente
retention-proof-tables = Filas, por tabla
retention-proof-list = Suma de los identificadores de lo borrado:
retention-proof-help = La nota es un punto de control de la clave de auditoría sobre el SHA-256 de la cuenta. La misma suma está en el registro de auditoría.
retention-proven = La firma es de este sistema
retention-unproven = La firma no concuerda
retention-cut-short = La regla cambió mientras corría, y eso la terminó.

flash-retention-now = Guardado. Cuenta desde ahora.
flash-retention-later = Guardado. Cuenta dentro de 24 horas y hasta entonces puede retirarse.
flash-retention-back = Retirado.
flash-retention-changed = Esto cambió mientras tanto. Por favor, mire otra vez.

holds-intro = Mientras haya una retención, no se destruye nada de la historia por antigüedad ni porque el paciente lo pida.
holds-none = No hay ninguna retención sobre esta historia.

audit-action-retention-begin = Hizo que contara una decisión sobre antigüedad
audit-action-retention-decide = Decidió qué se borra por antigüedad
audit-action-retention-destroy = Destruyó lo que había pasado su plazo
audit-action-retention-end = Terminó de aplicar una regla de antigüedad
audit-action-retention-list = Miró las reglas de antigüedad o lo que hicieron
audit-action-retention-preview = Miró qué se borraría por antigüedad
audit-action-retention-proof = Miró la cuenta de lo que hizo una regla
audit-action-retention-read = Miró una regla de antigüedad
audit-action-retention-run = Empezó a aplicar una regla de antigüedad
audit-action-retention-take-back = Retiró una decisión sobre antigüedad
audit-kind-retention-rule = Regla de antigüedad
audit-kind-retention-run = Aplicación de una regla de antigüedad
