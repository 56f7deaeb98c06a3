"""Writes what llama.cpp makes of some texts and prompts, to compare with: token ids, greedy continuations, how far the
second choice was behind, and log-probabilities.

Usage: python bench/reference/golden.py OUT.json SMOLLM2.gguf QWEN.gguf      (needs: pip install llama-cpp-python)
"""

import sys,json,random
sys.path.pop(0)  # a neighbour has the name of the package
import numpy as np
from llama_cpp import Llama
out=sys.argv[1]
titles=["The Shawshank Redemption (1994)","Amélie (Fabuleux destin d'Amélie Poulain, Le) (2001)","Crouching Tiger, Hidden Dragon (Wo hu cang long) (2000)","Star Wars: Episode IV - A New Hope (1977)","WALL·E (2008)","Léon: The Professional (1994)","千と千尋の神隠し","Ночной дозор (2004)","101 Dalmatians","Se7en","12 Angry Men (1957)","8½ (1963)","Naïve café","Ocean's Eleven","It's a Wonderful Life","WE'LL ALWAYS HAVE PARIS","don't'd've"]
odd=[""," ","  ","   x","x   ","\n","\n\n","a\n\nb","a \n b","\t\tif x:\n\t\t\treturn 1","a\r\nb\r\n","  \n  \n","tab\tseparated\tvalues","1234567890","3.14159","1,000,000","v2.0.1-rc3","٣٤٥","½ ⅓ ²","€100","👩‍👩‍👧‍👦 family","🎬🍿","é vs é","a\u00a0b","\u3000全角\u3000","ﬁne ligature","ß ẞ","İstanbul","क्षि","ไทย","한국어 영화","مرحبا بالعالم","\u200bzero","naïve\u0301","<|im_start|>user\nhi<|im_end|>","<|endoftext|>","<|im_end|","a<|im_end|>b","def f(x):\n    return x**2  # square\n","{\"a\": [1, 2, {\"b\": null}]}","https://example.org/a?b=c&d=%20e","C:\\dir\\file.txt","!!!???...","--- *** ---","a'b'c'D 'S 'LL","'s't're","_under_score_","CamelCaseWords","ALLCAPS","x"*70," "*40,"\n"*9,"ab "*20,"1 2  3   4","１２３","Ⅷ","x²+y³","\x00\x01\x7f","a\u2028b","日本語とEnglish混在","e\u0301","\ufeffbom","👍🏽","ǅ","ʰ","a\x0bb\x0cc"," \u00a0 x","  \u3000 y","\r\r\n","word\r","\n x","\n  x","x \n","x  \n  y","x\t\n\ty", " 's", "I'M I'm", "'re'RE", "don\u2019t"]
rng=random.Random(5)
pool=["The ","the"," of","Return","  ","\n","1","99"," 2001","'s","'ll","é","ü","—","…","\"","(",")",":",", ","!","?","日","本","🎥","x","Zz","\t","_","-","<",">","|","&","%","İ","ß","٣"," \n","\r\n","and ","movie"]
mixed=["".join(rng.choice(pool) for _ in range(rng.randint(2,14))) for _ in range(110)]
texts=titles+odd+mixed
prompts=["Name one film.","What is the capital of France?","I liked Heat, Alien and Fargo. Name one more film.","Write one sentence about the sea.","Count from one to ten.","List three colours."]
def chat(sys_,u): return f"<|im_start|>system\n{sys_}<|im_end|>\n<|im_start|>user\n{u}<|im_end|>\n<|im_start|>assistant\n"
g={}
for name,path in [("smollm2-135m",sys.argv[2]),("qwen2.5-coder-0.5b",sys.argv[3])]:
    m=Llama(path,n_ctx=1024,n_threads=2,n_threads_batch=2,verbose=False,logits_all=True)
    e={"texts":[m.tokenize(t.encode(),add_bos=False,special=False) for t in texts]}
    e["greedy"]=[]; e["log_probs"]=[]; e["margins"]=[]
    for p in prompts:
        k=m.tokenize(chat("You are helpful.",p).encode(),add_bos=False,special=True)
        m.reset(); m.eval(k); o=[];lp=0;mg=[]
        for _ in range(24):
            l=m.scores[m.n_tokens-1].astype(np.float64); l=l-l.max(); l=l-np.log(np.exp(l).sum())
            i=np.argsort(-l)[:2]; t=int(i[0]); mg.append(round(float(l[i[0]]-l[i[1]]),2))
            if t==m.token_eos(): break
            lp+=l[t]; o.append(t); m.eval([t])
        e["greedy"].append(o); e["log_probs"].append(round(lp,4)); e["margins"].append(mg)
    g[name]=e
    print(name,list(zip(prompts,e["log_probs"],e["margins"],[m.detokenize(o) for o in e["greedy"]])))
json.dump({"texts":texts,"prompts":prompts,**g},open(out,"w"),ensure_ascii=True,separators=(",",":"))
print(len(texts))
