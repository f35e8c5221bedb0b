"""Names of one and the same thing in the field's two languages, beside those that records have themselves.

A search for one finds the others. Acronyms and names of bodies, plans and initiatives
need no line here: the records bring them.
"""

SAME_THING: tuple[tuple[str, ...], ...] = (
    ("AI", "artificial intelligence", "trí tuệ nhân tạo"),
    ("AMS", "ASEAN member states", "các nước thành viên ASEAN"),
    (
        "CERT",
        "computer emergency response",
        "computer emergency response team",
        "ứng cứu khẩn cấp máy tính",
        "đội ứng cứu khẩn cấp máy tính",
        "đội ứng cứu khẩn cấp sự cố máy tính",
        "đội ứng cứu sự cố máy tính",
    ),
    (
        "DEFA",
        "digital economy framework agreement",
        "hiệp định khung về kinh tế số",
        "hiệp định khung kinh tế số",
    ),
    ("DPI", "digital public infrastructure", "hạ tầng số công cộng"),
    ("GMV", "gross merchandise value", "tổng giá trị hàng hóa"),
    ("ICT", "information and communications technology", "công nghệ thông tin và truyền thông", "CNTT"),
    ("IoT", "internet of things", "internet vạn vật"),
    ("MSME", "micro, small and medium enterprises", "doanh nghiệp siêu nhỏ, nhỏ và vừa"),
    ("cyber security", "cybersecurity"),
    ("e-commerce", "ecommerce", "electronic commerce", "thương mại điện tử"),
    ("e-government", "digital government", "chính phủ điện tử", "chính phủ số"),
    ("Hà Nội", "Hanoi"),
    ("Việt Nam", "Vietnam"),
    ("smart city", "smart cities", "đô thị thông minh", "thành phố thông minh"),
    ("submarine cable", "undersea cable", "cáp biển", "cáp quang biển", "cáp ngầm"),
    ("online scam", "online fraud", "lừa đảo trực tuyến"),
)
