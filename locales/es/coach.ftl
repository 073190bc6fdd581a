### El consejero junto al redactor. Aconseja y nunca bloquea.

coach-title = Consejos
coach-fine = Nada que sugerir. Se lee bien.
coach-apply = Usar esto
coach-add = Poner esto
coach-more = Más consejos ({ $count })
coach-told = Consejos: { $count }
coach-told-key = Consejos: { $count }. Alt+Intro toma el primero que se puede poner.
coach-limits-length = Este borrador está en { $language }. Para ese idioma faltan las palabras: solo se miran la extensión, las frases y los huecos.
coach-limits-gaps = Este borrador está en { $language }. Para ese idioma faltan las palabras: solo se miran las frases demasiado largas y los huecos.
coach-grade = Esto se lee como el año escolar { $grade }. Hasta el año 8 lo entiende todo el mundo: frases más cortas, palabras de todos los días.
coach-long-sentence = Una frase tiene { $words } palabras. Dos frases se siguen mejor.
coach-jargon = No todos conocen «{ $term }». Puede decir «{ $plain }».
coach-unfinished = Queda un hueco por llenar antes de mandarlo.
coach-name = Salude a { $name } por su nombre. Así se ve que la carta es para esa persona.
coach-next-step = Diga qué sigue, para que nadie se quede esperando sin saber.
coach-time = Diga cuándo. «Pronto» significa algo distinto para cada quien.
coach-summarise = Repita el problema en pocas palabras. Así se ve que lo leyó.
coach-acknowledge = Reconozca primero lo que escribió, y después conteste.
coach-acknowledge-grief = Escribió sobre una pérdida. Antes que nada, diga que lo siente. Un consejero puede hacerle bien.
coach-acknowledge-anger = Hay enojo. Diga que entiende por qué antes de explicar. Alguien con más experiencia puede verlo con usted.
coach-acknowledge-despair = Suena sin fuerzas. Hágale saber que no está a solas con esto y ofrezca un consejero.
coach-acknowledge-fear = Tiene miedo. Diga que lo entiende antes de dar datos.

## Frases
coach-phrase-policy = «{ $words }» cierra la puerta. Diga lo que sí puede hacer.
coach-phrase-blame = «{ $words }» suena a culpa. Diga qué ayuda desde ahora.
coach-phrase-minimise = «{ $words }» hace pequeña la preocupación. Diga que la ve.
coach-phrase-order = «{ $words }» es una orden. Pregunte u ofrezca ayuda.
coach-phrase-repeat = «{ $words }» dice que no escuchó. Dígalo de otra forma.
coach-phrase-refuse = «{ $words }» termina en un no. Diga qué es posible.
coach-phrase-passing = «{ $words }» manda a la persona a otro lado. Siga con ella o pásela con alguien por su nombre.
coach-phrase-doubt = «{ $words }» suena a que no le cree. Dé las gracias y revíselo.
coach-phrase-cold = «{ $words }» es lenguaje de oficina. Dígalo como en persona.
coach-phrase-rush = «{ $words }» suena impaciente. Tómese el tiempo o diga cuándo lo tendrá.

## El límite de la consejería
coach-boundary-promise = «{ $words }» promete lo que nadie puede saber. Prometa el siguiente paso.
coach-boundary-interpret = «{ $words }» le explica sus propios sentimientos. Eso es de un consejero.
coach-boundary-secret = «{ $words }» es una promesa que no puede cumplir. Diga quién lo verá.
coach-boundary-therapy = «{ $words }» empieza una terapia. Ofrezca un consejero que tenga el tiempo.
coach-boundary-always-there = «{ $words }» lo hace personal. Dele el equipo que siempre contesta.

## Consejo médico de personal no clínico
coach-medical-dose = «{ $words }» trata de una dosis. Eso lo contesta una enfermera.
coach-medical-start-stop = «{ $words }» es consejo médico. Eso lo da una enfermera.
coach-medical-diagnosis = «{ $words }» suena a diagnóstico. Eso lo contesta una enfermera.
coach-medical-not-seen = «{ $words }» decide quién necesita atención. Eso lo decide una enfermera.
coach-medical-results = «{ $words }» explica resultados. Eso lo hace una enfermera.

## La línea en la página de una solicitud, sin llegar a una crisis

distress-grief = Escribió sobre una pérdida. Una persona de consejería puede acompañarle.
distress-anger = La persona está muy molesta. Alguien con más experiencia puede verlo con usted.
distress-despair = Suena sin fuerzas y a solas con esto. Una persona de consejería puede acompañarle.
distress-fear = Tiene miedo. Una persona de consejería puede darle el tiempo que necesita.
distress-who = Quien puede encargarse
distress-hand-over = Pasar la solicitud
distress-with = La lleva { $who }.
distress-yours = La lleva usted.
distress-nobody = Nadie más puede encargarse aquí. Háblelo con alguien con más experiencia.
distress-help = Se oyó en sus palabras. La persona no lo ve, y esto no decide nada.
