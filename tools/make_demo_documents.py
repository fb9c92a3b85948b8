"""Makes the demo tenant's PDFs in interfaces/cli/demo/data: `python tools/make_demo_documents.py`. The same input gives the same bytes."""

from __future__ import annotations

from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer

DATA = Path(__file__).parent.parent / "interfaces" / "demo" / "data"

FAQ = [
    (
        "When is the shop open?",
        "The shop is open Monday to Friday from 9:00 to 18:30 and on Saturday from 10:00 to 16:00. We are closed on Sunday and on public holidays.",
    ),
    (
        "Where can I find you?",
        "Our shop is at 14 Harbour Street, two minutes on foot from the central station. There are bicycle stands in front of the door.",
    ),
    (
        "How long does delivery take?",
        "Standard delivery takes two to four working days. Express delivery arrives on the next working day if you order before noon.",
    ),
    (
        "How much does shipping cost?",
        "Standard shipping costs 4.90 euros and is free for orders above 60 euros. Express shipping costs 12.50 euros.",
    ),
    (
        "Do you ship abroad?",
        "We ship to all countries of the European Union, to Norway and to Switzerland. Bicycles are delivered within the country only.",
    ),
    (
        "How can I pay?",
        "You can pay by credit card, PayPal, bank transfer or invoice. In the shop we also take cash.",
    ),
    (
        "Can I return an item?",
        "You can return unused items within 30 days of delivery for a full refund. Please use the return label in the parcel.",
    ),
    (
        "How do I get my refund?",
        "Refunds go to the payment method that you used. They arrive within five working days after we have checked the return.",
    ),
    (
        "Can I change or cancel my order?",
        "You can change or cancel an order free of charge until it is packed, usually within two hours. Write to us with your order number.",
    ),
    (
        "How can I track my parcel?",
        "You receive a tracking link by e-mail as soon as the parcel leaves our warehouse.",
    ),
    (
        "Do you repair bicycles of other brands?",
        "Yes, our workshop repairs bicycles of all brands. Only electric bicycles with a locked motor have to go to their maker.",
    ),
    (
        "How much does a bike inspection cost?",
        "The basic inspection costs 49 euros and the full inspection costs 89 euros. Spare parts are charged separately.",
    ),
    (
        "How long does a repair take?",
        "Most repairs are done within three working days. A flat tyre is mended while you wait.",
    ),
    (
        "Do I need an appointment for the workshop?",
        "Small repairs need no appointment. For an inspection please book a time online or by telephone.",
    ),
    (
        "Can I rent equipment?",
        "You can rent tents, backpacks and touring bicycles. A tent costs 15 euros a day and a touring bicycle costs 25 euros a day.",
    ),
    (
        "What warranty do your products have?",
        "All products have a warranty of two years. Our own Nordfell tents have a warranty of five years.",
    ),
    (
        "Do you have gift cards?",
        "Gift cards are available from 10 to 500 euros, in the shop and online. They are valid for three years.",
    ),
    (
        "Is there a student discount?",
        "Students get a discount of 10 percent on clothing and shoes when they show a valid student card.",
    ),
    (
        "How do I wash a down jacket?",
        "Wash it at 30 degrees with down detergent and dry it in a tumble dryer at low heat with two tennis balls.",
    ),
    (
        "How can I reach customer service?",
        "Customer service answers at +49 30 5550 142 on working days from 9:00 to 17:00, or by e-mail to help@nordfell.example.",
    ),
]

GUIDE = [  # two products a page
    (
        "Nordfell Alta 2 tent",
        "The Alta 2 is a three-season tent for two people and weighs 1.9 kilograms. Its outer fabric withstands a water column of 4,000 millimetres. It is pitched in about six minutes by one person. The price is 329 euros. The inner tent can be pitched alone on warm nights. A repair kit for poles and fabric is part of the delivery.",
        "Packed, the tent measures 45 by 15 centimetres. The two vestibules have room for a backpack each. Dry the tent completely before you store it, for damp fabric grows mould within days. The seams are taped at the factory and need no further treatment. A footprint that protects the floor is sold separately for 39 euros.",
    ),
    (
        "Nordfell Ridge 45 backpack",
        "The Ridge 45 holds 45 litres and weighs 1.4 kilograms. The back length is adjustable from 42 to 52 centimetres. A rain cover is included in the bottom compartment. The price is 159 euros. It carries loads of up to 14 kilograms comfortably.",
        "The main compartment opens from the top and from the front. Two side pockets hold bottles of up to one litre, and a sleeve at the back takes a drinking system of three litres. The hip belt has two pockets with zips. Wash the backpack by hand with mild soap and never in a machine.",
    ),
    (
        "Fjord Down 600 sleeping bag",
        "The Fjord Down 600 has a comfort temperature of minus 2 degrees and a limit temperature of minus 8 degrees. It is filled with 600 grams of responsibly sourced duck down. The weight is 1.1 kilograms. The price is 249 euros. Left-hand and right-hand models can be zipped together.",
        "The bag suits people of up to 185 centimetres; the long model, for people of up to 200 centimetres, costs 20 euros more. Store it loosely in the large cotton sack, not in its stuff sack, so that the down keeps its loft. We wash down sleeping bags in our workshop for 35 euros.",
    ),
    (
        "Glacier stove",
        "The Glacier gas stove boils one litre of water in three and a half minutes. It works with screw cartridges of all makers. It weighs 95 grams without the cartridge. The price is 54 euros. It must not be used inside a closed tent.",
        "A cartridge of 230 grams lasts for about twelve litres of boiling water. The piezo igniter works up to an altitude of 3,500 metres; carry matches above that. Gas cartridges cannot be sent by express delivery, because airlines do not accept them. Empty cartridges can be given back in the shop.",
    ),
    (
        "Trail Runner GTX shoes",
        "The Trail Runner GTX is a waterproof trail shoe with a grippy rubber sole. It runs small, so please choose half a size larger than usual. The shoe is available in sizes 36 to 47. The price is 139 euros.",
        "One shoe in size 42 weighs 310 grams. The sole is 26 millimetres high at the heel and 18 millimetres at the toe. Clean the shoes with lukewarm water and a brush, and let them dry at room temperature with newspaper inside. Renew the water-repellent finish with a spray after every ten washes. Worn soles can be replaced once by the maker for 60 euros.",
    ),
    (
        "Lumen 300 headlamp",
        "The Lumen 300 headlamp shines with 300 lumens for 4 hours and with 40 lumens for 60 hours. It is charged by USB-C in two hours. It is protected against water jets (IPX5). The price is 45 euros.",
        "The lamp weighs 82 grams with its battery. A red light protects your night vision and does not wake up others in the hut. Press the button for three seconds to lock the lamp, so that it does not switch on in the backpack. The battery can be changed by the user; a spare one costs 15 euros.",
    ),
    (
        "City Tourer bicycle",
        "The City Tourer is a bicycle with an aluminium frame, eight gears and hydraulic disc brakes. It weighs 14.8 kilograms and is allowed a total weight of 140 kilograms. It comes in the frame sizes 48, 52, 56 and 60. The price is 899 euros and includes the first inspection after six weeks.",
        "The lights run on a hub dynamo and need no battery. The rack carries up to 25 kilograms and takes all common child seats. The bicycle is delivered ready to ride; only the handlebar has to be turned and the pedals screwed in. The colours are forest green, slate grey and signal red.",
    ),
    (
        "Trekker E electric bicycle",
        "The Trekker E is an electric bicycle with a motor of 250 watts and a battery of 625 watt-hours. It helps up to 25 kilometres an hour and has a range of 60 to 120 kilometres. It weighs 24 kilograms. The price is 2,490 euros.",
        "Charging takes four and a half hours at any socket. The battery can be taken out and locked to the frame with the same key as the wheel. It keeps at least 70 percent of its capacity for 500 charges or two years. Electric bicycles are collected in the shop or brought by our own van for 29 euros.",
    ),
]

POLICIES = """Nordfell Outdoor - Policies

Returns policy
Items can be returned within 30 days of delivery if they are unused and in their original packaging. Underwear and opened food cannot be returned for reasons of hygiene. The customer pays the return shipping of 3.90 euros unless the item is faulty. Items bought in the shop can be returned in the shop with the receipt.

Faulty goods
If an item is faulty, we repair or replace it free of charge within the legal warranty of two years. If the repair fails twice, the customer may withdraw from the purchase. Wear of brake pads, chains and tyres is not a fault.

Privacy policy
We store customer data only for as long as the law demands, which is ten years for invoices. Customer data is never sold. Customers can ask for a copy or for the erasure of their data by e-mail to privacy@nordfell.example.

Rental terms
Rented equipment must be returned clean and dry. A deposit of 100 euros is taken for tents and of 200 euros for bicycles. If equipment is returned late, each day begun costs the daily rate plus 5 euros. Damage must be reported at once.

Workshop terms
We call the customer before a repair that costs more than 20 euros above the estimate. Bicycles that are not collected within four weeks cost 2 euros of storage a day.

Price promise
If another shop in the country offers the same item at a lower price within 14 days of the purchase, we refund the difference. The promise does not cover clearance sales.

Complaints
Complaints are answered within two working days. Whoever is not content with the answer can turn to the consumer arbitration board in Kehl.
"""


def main() -> None:
    DATA.mkdir(parents=True, exist_ok=True)
    styles = getSampleStyleSheet()
    body, heading, title = styles["BodyText"], styles["Heading2"], styles["Title"]
    faq = [Paragraph("Frequently asked questions", title)]
    for number, (question, answer) in enumerate(FAQ, 1):
        faq += [Paragraph(f"{number}. {question}", heading), Paragraph(answer, body), Spacer(1, 6)]
    guide = [Paragraph("Product guide", title)]
    for number, (name, *texts) in enumerate(GUIDE, 1):
        guide += [Paragraph(name, heading), *(Paragraph(text, body) for text in texts)]
        if number % 2 == 0 and number < len(GUIDE):
            guide.append(PageBreak())
    for name, story in (("faq.pdf", faq), ("product-guide.pdf", guide)):
        document = SimpleDocTemplate(
            str(DATA / name), pagesize=A4, invariant=1, title=name, author="Nordfell Outdoor"
        )
        document.build(story)
    (DATA / "policies.txt").write_text(POLICIES)


if __name__ == "__main__":
    main()
