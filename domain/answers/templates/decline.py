"""Said where the agent does not do what is asked: it is outside the business, or would turn the agent against its rules."""

from __future__ import annotations

from domain.answers.templates.template import Template

DECLINE = Template(
    name="decline",
    version=1,
    told=True,
    texts={
        "en": "I'm sorry, I can't help with that. I'm happy to answer questions about our products and services.",
        "de": "Damit kann ich leider nicht helfen. Fragen zu unseren Produkten und Leistungen beantworte ich gern.",
        "fr": "Désolé, je ne peux pas vous aider sur ce point. Je réponds volontiers à vos questions sur nos produits et services.",
        "es": "Lo siento, no puedo ayudarle con eso. Con gusto respondo a sus preguntas sobre nuestros productos y servicios.",
        "it": "Mi dispiace, non posso aiutarla in questo. Rispondo volentieri a domande sui nostri prodotti e servizi.",
        "pt": "Lamento, não posso ajudar com isso. Terei todo o gosto em responder a perguntas sobre os nossos produtos e serviços.",
        "nl": "Daar kan ik helaas niet bij helpen. Vragen over onze producten en diensten beantwoord ik graag.",
        "pl": "Przykro mi, w tym nie mogę pomóc. Chętnie odpowiem na pytania o nasze produkty i usługi.",
        "tr": "Üzgünüm, bu konuda yardımcı olamıyorum. Ürün ve hizmetlerimizle ilgili sorularınızı memnuniyetle yanıtlarım.",
        "ru": "К сожалению, с этим я помочь не могу. Буду рад ответить на вопросы о наших товарах и услугах.",
        "ar": "عذرًا، لا أستطيع المساعدة في ذلك. يسعدني أن أجيب عن أسئلتكم حول منتجاتنا وخدماتنا.",
    },
)
